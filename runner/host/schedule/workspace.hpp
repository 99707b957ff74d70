#pragma once
#include <memory>
#include <string>
#include <vector>

#include "host/plan/planner.hpp"
#include "host/schedule/scheduler.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

/// What the command line says about planning and running an experiment.
struct WorkspaceSettings {
  Overrides overrides{};  ///< those that the experiment was read with
  PlanSettings planning{};
  RunSettings running{};
  std::vector<std::string> arguments{};  ///< of the command line, for the provenance of runs
};

/// An experiment and the results file that its cells go to. Every command that plans or runs an
/// experiment does it through one of these:
///
///     Workspace workspace(read_experiment(file, settings.overrides), settings,
///     Store::Mode::write); auto plan = workspace.plan(); const auto summary =
///     workspace.run(std::move(plan), *make_progress("none", stdout));
///
/// All members throw Failure as make_plan(), Store and execute() do.
class Workspace {
 public:
  /// In mode write opens the results file or creates it, and marks runs of dead processes as lost.
  /// In mode read opens it if there is one; then the workspace can only plan.
  Workspace(Experiment experiment, WorkspaceSettings settings, Store::Mode mode);

  const Experiment& experiment() const { return experiment_; }
  const WorkspaceSettings& settings() const { return settings_; }
  /// Null in mode read if there is no results file.
  Store* store() const { return store_.get(); }

  /// Every cell with its decision, before [select] chooses among them.
  Plan plan() const;

  /// Records a plan and runs its cells that are to run. Until then the files of the cache that they
  /// read are kept from `runner cache prune`.
  Summary execute(const Plan& plan, Progress& progress);

  /// The same for the whole experiment: cells imported before are added to the plan, and where it
  /// has a [select], the cells that are chosen on validation run after those to choose by.
  Summary run(Plan& plan, Progress& progress);

 private:
  Experiment experiment_;
  WorkspaceSettings settings_;
  std::unique_ptr<Store> store_{};
  Json provenance_{};  ///< of the runs of this invocation; null before the first
};

/// Keeps a plan until the process ends, without destroying it then: with thousands of cells that
/// takes a tenth of the time of a command that finds everything done.
Plan& keep_until_exit(Plan plan);

}  // namespace earshot::host
