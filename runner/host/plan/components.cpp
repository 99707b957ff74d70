#include "host/plan/components.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "host/base/failure.hpp"
#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {

namespace {

namespace fs = std::filesystem;

std::string absolute(const Position& position, const std::string& path) {
  return protocol::path_text(
      fs::absolute(fs::path(position.folder()) / protocol::path_of(path)).lexically_normal());
}

}  // namespace

bool ResolvedComponent::has_ability(const std::string& ability) const {
  const auto& abilities = entry.component->abilities;
  return std::find(abilities.begin(), abilities.end(), ability) != abilities.end();
}

std::vector<std::string> ResolvedComponent::trainings() const {
  std::vector<std::string> keys;
  const auto add = [&](const std::string& key) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  };
  if (!pretrain.empty()) add(pretrain);
  for (const auto& source : sources)
    for (const auto& key : source.encoder->trainings())
      add(key);
  return keys;
}

bool ResolvedComponent::looks_up() const {
  return has_ability("lookup") || std::any_of(sources.begin(), sources.end(),
                                              [](const auto& s) { return s.encoder->looks_up(); });
}

namespace {

/// A text that is equal for components with the same meaning.
std::string content_of(const Component& component) {
  auto text = name_of(component.table) + '\n' + component.label + '\n' +
              protocol::readable_json(component.options).dump();
  for (const auto& [option, position] : component.option_positions)
    text += '\n' + option + '\n' + position.folder();  // relative paths are resolved against it
  return text;
}

}  // namespace

Resolved Components::find(const std::shared_ptr<const Component>& component) {
  auto& known = known_[component];
  if (known != nullptr) return known;
  auto& equal = known_by_content_[content_of(*component)];
  if (equal == nullptr) {
    auto found = std::make_shared<ResolvedComponent>(locate(component));
    identify(*found);
    equal = std::move(found);
  }
  return known = equal;
}

ResolvedComponent Components::locate(const std::shared_ptr<const Component>& component) const {
  ResolvedComponent found;
  found.component = component;
  found.entry =
      catalog_.find(kind_of(component->table), component->use, component->position.text());
  found.ref.plugin = found.entry.plugin->info.path;
  found.ref.plugin_sha256 = found.entry.plugin->sha256;
  found.ref.component = found.entry.component->name;
  try {
    found.ref.options = protocol::complete(found.entry.component->options, component->options,
                                           found.ref.component, "");
  } catch (const protocol::OptionError& error) {
    throw Failure(ExitCode::usage, component->position_of(error.key).text() + ": " + error.what());
  }
  for (const auto& spec : found.entry.component->options)
    if (!spec.role.empty()) found.ref.roles[spec.role] = spec.name;
  fill_files(found);
  return found;
}

/// "; 'runner weights x.toml --get' downloads it" if it does, with the changes of the command line.
/// For a component outside a file, its source instead of x.toml.
std::string Components::how_to_get(const std::string& source, const Position& place) const {
  if (!is_hub_source(source)) return "";
  if (experiment_.file.empty()) return "; 'runner weights " + source + " --get' downloads it";
  return "; 'runner weights " + experiment_.file + " --get" +
         (place.line == 0 ? " " + place.file : "") + "' downloads it";
}

/// Makes paths absolute and finds weights; records what is missing instead of throwing.
void Components::fill_files(ResolvedComponent& found) const {
  const auto& component = *found.component;
  const auto note = [&](const std::string& reason) {
    if (found.missing.empty())
      found.missing = name_of(component.table) + " '" + component.label + "': " + reason;
  };
  const auto find = [](const std::string& source, const Position& place) {
    try {
      return find_weights(source, place.folder());
    } catch (const Failure& failure) {
      throw Failure(failure.code(), place.text() + ": " + failure.what());
    }
  };
  std::error_code ignored;
  for (const auto& spec : found.entry.component->options) {
    auto& value = found.ref.options[spec.name];
    const auto& place = component.position_of(spec.name);
    if (spec.type == protocol::OptionType::path) {
      auto path = value.get<std::string>();
      if (path.empty()) continue;
      value = path = absolute(place, path);
      if (const auto status = fs::status(protocol::path_of(path), ignored);
          fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status))
        note("'" + path + "', its option '" + spec.name +
             "', is a pipe, socket or device; expected a file or folder");
      if (component.table == Table::dataset) continue;  // it reports itself what is missing
      if (!stamp_of(protocol::path_of(path)))
        note("there is no '" + path + "', its option '" + spec.name + "'");
    }
    if (spec.type == protocol::OptionType::weights) {
      const auto source = value.value("source", "");
      if (found.weights.empty()) found.weights = source;
      const auto& weights = found.checkpoints[spec.name] = find(source, place);
      value["path"] = protocol::path_text(weights.path);
      if (!weights.missing.empty()) note(weights.missing + how_to_get(source, place));
    }
  }
}

void Components::identify(ResolvedComponent& found) const {
  const bool dataset = found.component->table == Table::dataset;
  auto options = Json::object();
  try {
    for (const auto& spec : found.entry.component->options) {
      if (!spec.affects_results) continue;
      const auto& value = found.ref.options.at(spec.name);
      const bool weights = spec.type == protocol::OptionType::weights;
      if (weights || spec.type == protocol::OptionType::path) {
        // Files that a dataset names are hashed when it is listed, and only if its items do not
        // cover them.
        if (dataset && !weights) continue;
        const auto path = protocol::path_of(weights ? value.at("path").get<std::string>()
                                                    : value.get<std::string>());
        if (!path.empty() && stamp_of(path)) {
          // For weights, only files that are read: a model card added later changes no key.
          found.ref.inputs.push_back(hashes_.input(
              path, weights ? found.checkpoints.at(spec.name).files : std::vector<fs::path>{}));
          found.contents[spec.name] = found.ref.inputs.back().sha256;
        }
        if (dataset) continue;
        const auto content = found.contents.find(spec.name);
        options[spec.name] = content != found.contents.end() ? content->second
                             : weights                       ? "random"
                                                             : "";
      } else {
        options[spec.name] = value;
      }
    }
  } catch (const std::exception& error) {  // unreadable
    if (found.missing.empty())
      found.missing = name_of(found.component->table) + " '" + found.label() +
                      "': a file cannot be read: " + error.what();
  }
  const auto& plugin = *found.entry.plugin;
  found.identity = {.component = found.entry.id(), .options = std::move(options)};
  if (experiment_.key_policy == "version")
    found.identity.version = plugin.info.version;
  else
    found.identity.plugin = plugin.sha256;
  found.identity_text = CellIdentity::text_of(found.identity);
}

}  // namespace earshot::host
