#pragma once
#include <memory>
#include <string>
#include <vector>

#include "host/plan/planner.hpp"
#include "host/schedule/scheduler.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

/// The settings of the command line for planning and running an experiment.
struct WorkspaceSettings {
  Overrides overrides{};  ///< those with which the experiment was read
  PlanSettings planning{};
  RunSettings running{};
  std::vector<std::string> arguments{};  ///< those of the command line, for the provenance of runs
};

/// An experiment, and the results file for its cells. Every command that plans or runs an
/// experiment uses a workspace:
///
///     auto experiment = read_experiment(file, settings.overrides);
///     Workspace workspace(std::move(experiment), settings, Store::Mode::write);
///     auto plan = workspace.plan();
///     const auto summary = workspace.run(plan, *make_progress("none", stdout));
///
/// All members throw Failure as make_plan(), Store and execute() do.
class Workspace {
 public:
  /// In mode write, opens or creates the results file, and marks runs of dead processes as lost. In
  /// mode read, opens the file if it exists; the workspace can then only plan.
  Workspace(Experiment experiment, WorkspaceSettings settings, Store::Mode mode);

  const Experiment& experiment() const { return experiment_; }
  const WorkspaceSettings& settings() const { return settings_; }
  /// Null in mode read if there is no results file.
  Store* store() const { return store_.get(); }

  /// The plan with a decision for every cell, before [select] chooses among them.
  Plan plan() const;

  /// Records a plan and runs its cells that are to run. Meanwhile the files of the cache that they
  /// read are protected from `runner cache prune`.
  Summary execute(const Plan& plan, Progress& progress);

  /// The same for the whole experiment: adds the cells that were imported before to the plan, and
  /// if there is a [select], runs the cells that are chosen after their validation cells.
  Summary run(Plan& plan, Progress& progress);

 private:
  Experiment experiment_;
  WorkspaceSettings settings_;
  std::unique_ptr<Store> store_{};
  Json provenance_{};  ///< that of the runs of this invocation; null before the first
};

/// Keeps a plan until the process ends and never destroys it: with thousands of cells, destroying
/// it takes a tenth of the time of a command that finds everything done.
Plan& keep_until_exit(Plan plan);

}  // namespace earshot::host
