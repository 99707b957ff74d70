#include "host/plan/catalog.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>
#include <system_error>

#include "host/base/defaults.hpp"
#include "host/base/failure.hpp"
#include "host/base/installation.hpp"
#include "protocol/nearest.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> folders(const std::vector<std::string>& given) {
  std::vector<fs::path> result;
  for (const auto& folder : given) {
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored))
      throw Failure(ExitCode::usage, "--plugin-path " + folder +
                                         ": there is no such folder; expected one with plugins");
    result.emplace_back(folder);
  }
  if (const char* path = std::getenv("EARSHOT_PLUGIN_PATH")) {
    std::istringstream stream(path);
    for (std::string folder; std::getline(stream, folder, ':');)
      if (!folder.empty()) result.emplace_back(folder);
  }
  for (const auto& folder : defaults().plugin_paths) {
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored))
      throw Failure(ExitCode::usage, "plugin_path of earshot.toml: there is no folder '" + folder +
                                         "'; expected one with plugins");
    result.emplace_back(folder);
  }
  result.push_back(plugin_folder());
  return result;
}

/// Libraries in a folder, and if `deep` in its sub-folders, by name.
void collect(const fs::path& folder, bool deep, std::vector<fs::path>& files) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    entries.push_back(entry->path());
  std::sort(entries.begin(), entries.end());
  for (const auto& entry : entries) {
    std::error_code ignored;
    if (fs::is_directory(entry, ignored)) {
      if (deep) collect(entry, false, files);
    } else if (entry.extension() == ".so") {
      files.push_back(entry);
    }
  }
}

/// "mimi" for ".../libmimi.so": the likely name of a plugin that could not be asked.
std::string stem(const std::string& path) {
  const auto name = fs::path(path).stem().string();
  return name.starts_with("lib") ? name.substr(3) : name;
}

bool has(const protocol::PluginInfo& info, const std::string& kind, const std::string& id) {
  return std::any_of(info.components.begin(), info.components.end(), [&](const auto& component) {
    return component.kind == kind &&
           (id == component.name || id == info.name + "/" + component.name);
  });
}

}  // namespace

std::vector<std::string> plugin_files(const std::vector<std::string>& given) {
  std::vector<std::string> files;
  std::set<fs::path> seen;
  for (const auto& folder : folders(given)) {
    std::vector<fs::path> found;
    collect(folder, true, found);
    for (const auto& file : found) {
      std::error_code ignored;
      if (seen.insert(fs::weakly_canonical(file, ignored)).second)
        files.push_back(fs::absolute(file).lexically_normal().string());
    }
  }
  return files;
}

Catalog::Catalog(const std::vector<std::string>& files, PluginQueries& queries, HashCache& hashes) {
  std::vector<std::string> readable, contents;
  for (const auto& file : files) {
    try {
      contents.push_back(hashes.sha256(file));
      readable.push_back(file);
    } catch (const std::system_error& error) {
      refused_.push_back({file, "it cannot be read: " + error.code().message(), {}});
    }
  }
  const auto answers = queries.inspect(readable);
  for (std::size_t i = 0; i < readable.size(); ++i) {
    if (answers[i].contains("refused")) {
      refused_.push_back({readable[i], answers[i].at("refused").get<std::string>(), {}});
      continue;
    }
    plugins_.push_back({answers[i].at("info").get<protocol::PluginInfo>(), contents[i]});
    plugins_.back().info.path = protocol::path_text(readable[i]);
  }
  refuse_duplicates();
}

void Catalog::refuse_duplicates() {
  std::map<std::string, std::vector<std::string>> paths;
  for (const auto& plugin : plugins_)
    paths[plugin.info.name].push_back(plugin.info.path);
  for (const auto& plugin : plugins_) {
    const auto& all = paths[plugin.info.name];
    if (all.size() == 1) continue;
    std::vector<std::string> others;
    std::copy_if(all.begin(), all.end(), std::back_inserter(others),
                 [&](const std::string& path) { return path != plugin.info.path; });
    refused_.push_back({plugin.info.path,
                        "the plugin name '" + plugin.info.name + "' is also used by " +
                            protocol::join(others) + "; names must be unique. Remove or rename one",
                        plugin.info});
  }
  std::erase_if(plugins_,
                [&](const CatalogPlugin& plugin) { return paths[plugin.info.name].size() > 1; });
}

void Catalog::refuse_if_refused(const std::string& kind, const std::string& id,
                                const std::string& where) const {
  for (const auto& plugin : refused_) {
    const bool unknown = plugin.info.components.empty();
    const bool meant =
        unknown ? id.substr(0, id.find('/')) == stem(plugin.path) : has(plugin.info, kind, id);
    if (meant)
      throw Failure(ExitCode::plugin_refused, where + ": the plugin of " + kind + " '" + id +
                                                  "' was refused: " + plugin.path + ": " +
                                                  plugin.reason);
  }
}

CatalogEntry Catalog::find(const std::string& kind, const std::string& id,
                           const std::string& where) const {
  std::vector<CatalogEntry> found;
  std::vector<std::string> names, ids;
  for (const auto& plugin : plugins_)
    for (const auto& component : plugin.info.components) {
      const CatalogEntry entry{&plugin, &component};
      if (component.kind != kind) continue;
      names.push_back(component.name);
      if (id == component.name || id == entry.id()) {
        found.push_back(entry);
        ids.push_back(entry.id());
      }
    }
  if (found.size() == 1) return found.front();
  if (found.size() > 1)
    throw Failure(ExitCode::usage, where + ": '" + id + "' is the name of " +
                                       std::to_string(found.size()) + " " + kind +
                                       "s; allowed: " + protocol::join(ids, true));
  refuse_if_refused(kind, id, where);
  std::sort(names.begin(), names.end());
  const auto name = id.substr(id.find('/') == std::string::npos ? 0 : id.find('/') + 1);
  const auto guess = protocol::did_you_mean(name, names);
  throw Failure(ExitCode::usage,
                where + ": unknown " + kind + " '" + id + "'; " +
                    (names.empty() ? "no plugin has one" : "known: " + protocol::join(names)) +
                    (guess.empty() ? ". For plugins in another folder, give --plugin-path FOLDER "
                                     "or set EARSHOT_PLUGIN_PATH"
                                   : guess));
}

}  // namespace earshot::host
