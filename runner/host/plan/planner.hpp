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
  std::vector<std::string> plugin_paths{};  ///< of --plugin-path, searched first
  std::filesystem::path cache{"results/cache"};
  WorkerOptions worker{};
  AskLimits limits{};  ///< of a question; make_plan() takes them from the experiment's [resources]
  /// Takes lines for people while workers are asked: "loading log_mel.so".
  std::function<void(const std::string&)> progress{};
  std::function<void(const std::string&)> warn{};  ///< lines such as a plugin that was refused
};

/// Everything about an experiment before anything is computed: components found, options completed,
/// files hashed, datasets listed, every cell with its key, decision and reason. What plugins and
/// datasets say is remembered in the cache folder; when nothing there has changed, no worker is
/// started.
/// @param store to find what is already done; null if there is no results file
/// @throws Failure (usage) positioned in the file for what is wrong there; (plugin_refused) when a
/// plugin that the experiment needs was refused.
Plan make_plan(const Experiment& experiment, const Overrides& overrides,
               const PlanSettings& settings, const Store* store);

/// The plugins of a search path, and how they are asked.
struct KnownPlugins {
  /// Starts workers only for plugins that are new or changed. @throws Failure
  explicit KnownPlugins(const PlanSettings& settings);

  HashCache hashes;
  WorkerQueries worker;
  CachedQueries queries;  ///< that ask `worker`
  Catalog catalog;
};

/// The same with and a stamp table that are there already.
Plan make_plan(const Experiment& experiment, const Overrides& overrides, const Catalog& catalog,
               PluginQueries& queries, HashCache& hashes, const std::filesystem::path& cache,
               const Store* store);

/// --cache, else EARSHOT_CACHE_DIR, else that of the project file, else the folder `cache` beside
/// the results file.
std::filesystem::path cache_folder(const std::string& given, const std::filesystem::path& results);

}  // namespace earshot::host
