#include "host/plan/components.hpp"

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

std::string kind_of(const std::string& table) {
  return table == "task" || table == "pretrain" ? "evaluator" : table;
}

const FoundComponent& Components::find(const std::string& table, const CellComponent& component) {
  auto question = table + '\n' + component.label + '\n' + component.options.dump();
  for (const auto& [option, position] : component.positions)
    question += '\n' + option + '\n' + position.folder();  // relative paths are meant against it
  const auto known = known_.find(question);
  if (known != known_.end()) return known->second;
  auto found = locate(table, component);
  identify(table, found);
  return known_.emplace(question, std::move(found)).first->second;
}

const FoundComponent& Components::find_written(const std::string& table, const std::string& label) {
  const auto& written = experiment_.components.at(table).at(label);
  return find(table, {.label = label, .use = written.use, .options = written.options});
}

Position Components::position(const std::string& table, const CellComponent& component,
                              const std::string& option) const {
  const auto given = component.positions.find(option);
  if (given != component.positions.end()) return given->second;
  const auto& written = experiment_.components.at(table).at(component.label);
  const auto own = written.option_positions.find(option);
  return own == written.option_positions.end() ? written.position : own->second;
}

FoundComponent Components::locate(const std::string& table, const CellComponent& component) const {
  FoundComponent found;
  found.label = component.label;
  found.position = experiment_.components.at(table).at(component.label).position;
  found.entry = catalog_.find(kind_of(table), component.use, found.position.text());
  found.ref.plugin = found.entry.plugin->info.path;
  found.ref.plugin_sha256 = found.entry.plugin->sha256;
  found.ref.component = found.entry.component->name;
  try {
    found.ref.options = protocol::complete(found.entry.component->options, component.options,
                                           found.ref.component, "");
  } catch (const protocol::OptionError& error) {
    throw Failure(ExitCode::usage,
                  position(table, component, error.key).text() + ": " + error.what());
  }
  for (const auto& spec : found.entry.component->options)
    if (!spec.role.empty()) found.ref.roles[spec.role] = spec.name;
  fill_files(table, component, found);
  return found;
}

/// "; 'runner weights x.toml --get' downloads it" where that is so; with what the command line set.
/// For a component outside of a file, its source instead of x.toml.
std::string Components::how_to_get(const std::string& source, const Position& place) const {
  if (!is_hub_source(source)) return "";
  if (experiment_.file.empty()) return "; 'runner weights " + source + " --get' downloads it";
  return "; 'runner weights " + experiment_.file + " --get" +
         (place.line == 0 ? " " + place.file : "") + "' downloads it";
}

/// Makes paths absolute and finds weights; what is missing is noted, not thrown.
void Components::fill_files(const std::string& table, const CellComponent& component,
                            FoundComponent& found) const {
  const auto note = [&](const std::string& reason) {
    if (found.missing.empty()) found.missing = table + " '" + component.label + "': " + reason;
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
    const auto place = position(table, component, spec.name);
    if (spec.type == protocol::OptionType::path) {
      auto path = value.get<std::string>();
      if (path.empty()) continue;
      value = path = absolute(place, path);
      if (const auto status = fs::status(protocol::path_of(path), ignored);
          fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status))
        note("'" + path + "', its option '" + spec.name +
             "', is a pipe, socket or device; expected a file or folder");
      if (table == "dataset") continue;  // it says itself what it misses
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

void Components::identify(const std::string& table, FoundComponent& found) const {
  auto options = Json::object();
  try {
    for (const auto& spec : found.entry.component->options) {
      if (!spec.affects_results) continue;
      const auto& value = found.ref.options.at(spec.name);
      const bool weights = spec.type == protocol::OptionType::weights;
      if (weights || spec.type == protocol::OptionType::path) {
        // What a dataset names is looked at when it is listed, and only where its items do not say
        // it all.
        if (table == "dataset" && !weights) continue;
        const auto path = protocol::path_of(weights ? value.at("path").get<std::string>()
                                                    : value.get<std::string>());
        if (!path.empty() && stamp_of(path)) {
          // For weights, only the files that are read: a later model card changes no key.
          found.ref.inputs.push_back(stamps_.input(
              path, weights ? found.checkpoints.at(spec.name).files : std::vector<fs::path>{}));
          found.contents[spec.name] = found.ref.inputs.back().sha256;
        }
        if (table == "dataset") continue;
        options[spec.name] = found.contents.value(spec.name, weights ? "random" : "");
      } else {
        options[spec.name] = value;
      }
    }
  } catch (const std::exception& error) {  // unreadable
    if (found.missing.empty())
      found.missing = table + " '" + found.label + "': a file cannot be read: " + error.what();
  }
  const auto& plugin = *found.entry.plugin;
  found.identity = {{"component", found.entry.id()}, {"options", std::move(options)}};
  if (experiment_.key_policy == "version")
    found.identity["version"] = plugin.info.version;
  else
    found.identity["plugin"] = plugin.sha256;
  found.identity_text = protocol::canonical(found.identity);
}

}  // namespace earshot::host
