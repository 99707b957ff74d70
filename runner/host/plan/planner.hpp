#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "host/base/ask.hpp"
#include "host/plan/catalog.hpp"
#include "host/plan/plan.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

struct PlanSettings {
  std::vector<std::string> plugin_paths{};  ///< from --plugin-path, searched first
  std::filesystem::path cache{"results/cache"};
  WorkerOptions worker{};
  AskLimits limits{};  ///< of a request; make_plan() takes them from the experiment's [resources]
  /// Is given lines for people while workers are asked: "loading log_mel.so".
  std::function<void(const std::string&)> progress{};
  std::function<void(const std::string&)>
      warn{};  ///< is given lines about refused plugins and the like
};

/// Plans an experiment before anything is computed: finds components, completes options, hashes
/// files, lists datasets, and gives every cell its key, decision and reason. The answers of plugins
/// and datasets are kept in the cache folder; as long as they are valid, no worker is started.
/// @param store has the cells that are already done; null if there is no results file
/// @throws Failure (usage) with the position of what is wrong in the file; (plugin_refused) if a
/// plugin that the experiment needs was refused.
Plan make_plan(const Experiment& experiment, const Overrides& overrides,
               const PlanSettings& settings, const Store* store);

/// The plugins of a search path, and the means to query them.
struct KnownPlugins {
  /// Starts workers only for plugins that are new or changed. @throws Failure
  explicit KnownPlugins(const PlanSettings& settings);

  HashCache hashes;
  WorkerQueries worker;
  CachedQueries queries;  ///< queries of `worker`
  Catalog catalog;
};

/// The same with a catalogue, queries and hashes that exist already.
Plan make_plan(const Experiment& experiment, const Overrides& overrides, const Catalog& catalog,
               PluginQueries& queries, HashCache& hashes, const std::filesystem::path& cache,
               const Store* store);

/// --cache, else EARSHOT_CACHE_DIR, else that of the project file, else the folder `cache` next to
/// the results file.
std::filesystem::path cache_folder(const std::string& given, const std::filesystem::path& results);

}  // namespace earshot::host
