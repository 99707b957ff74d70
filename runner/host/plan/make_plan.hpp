#pragma once
#include <filesystem>

#include "host/plan/catalog.hpp"
#include "host/plan/planner.hpp"

namespace earshot::host {

/// The plugins of a search path, and what is remembered of them.
struct KnownPlugins {
  /// Starts workers only for plugins that are new or changed. @throws Failure
  explicit KnownPlugins(const PlanSettings& settings);

  StampTable stamps;
  WorkerInformant worker;
  RememberingInformant informant;
  Catalog catalog;
};

/// The same with a catalog, an informant and a stamp table that are there already.
Plan make_plan(const Experiment& experiment, const Overrides& overrides, const Catalog& catalog,
               Informant& informant, StampTable& stamps, const std::filesystem::path& cache,
               const Store* store);

}  // namespace earshot::host
