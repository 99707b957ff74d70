#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "host/experiment/experiment.hpp"
#include "host/plan/hash_cache.hpp"
#include "host/plan/plugin_queries.hpp"

namespace earshot::host {

struct CatalogPlugin {
  protocol::PluginInfo info{};  ///< path: absolute
  std::string sha256{};
};

/// A plugin that was found and is not used.
struct RefusedPlugin {
  std::string path{}, reason{};
  /// What it would have offered; empty if it could not be inspected.
  protocol::PluginInfo info{};
};

/// Where a component is.
struct CatalogEntry {
  const CatalogPlugin* plugin = nullptr;
  const protocol::ComponentInfo* component = nullptr;
  std::string id() const { return plugin->info.name + "/" + component->name; }
};

/// All plugins of the search path and their components.
class Catalog {
 public:
  /// Plugins that share a name are all refused.
  Catalog(const std::vector<std::string>& files, PluginQueries& queries, HashCache& hashes);

  const std::vector<CatalogPlugin>& plugins() const { return plugins_; }
  const std::vector<RefusedPlugin>& refused() const { return refused_; }

  /// The component of this kind with the id "plugin/name", or just "name" if only one plugin has
  /// such a component. Messages begin with `where`.
  /// @throws Failure (usage) for an unknown or ambiguous id, with the nearest one or all;
  /// (plugin_refused) if a plugin that has it was refused.
  CatalogEntry find(const std::string& kind, const std::string& id, const std::string& where) const;

 private:
  void refuse_duplicates();
  void refuse_if_refused(const std::string& kind, const std::string& id,
                         const std::string& where) const;

  std::vector<CatalogPlugin> plugins_;
  std::vector<RefusedPlugin> refused_;
};

/// Plugin files: *.so in each folder and in its sub-folders, by name. Folders: `given` (an error
/// when one is missing), EARSHOT_PLUGIN_PATH (separated by ':'), then plugin_folder().
/// @throws Failure (usage)
std::vector<std::string> plugin_files(const std::vector<std::string>& given);

}  // namespace earshot::host
