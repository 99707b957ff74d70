#pragma once
#include <optional>
#include <string>
#include <vector>

#include "host/schedule/workers.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

/// A plan in the form of the store: its experiment with references, every cell that has a key,
/// except those that [select] has dropped, and every cell that cannot run, with the reason.
struct PlanRecords {
  ExperimentRecord experiment{};
  std::vector<CellRecord> cells{};
  std::vector<DatasetRecord> datasets{};
};

PlanRecords records_of(const Plan& plan, const Overrides& overrides);

/// Writes the outcomes of jobs into the store, and reads those of other runners.
/// @throws Failure (store_unusable) from every member
class Recorder {
 public:
  Recorder(const Plan& plan, Store& store) : plan_(plan), store_(store) {}

  /// Begins an attempt at a cell; nullopt if another runner has claimed it, or if it is done.
  std::optional<BegunRun> begin(const PlannedCell& cell);

  /// Writes the points of curves that have arrived since the last call, so that a training can be
  /// watched.
  void watch(const Job& job, Slot& slot);

  /// Writes the outcome of the attempt in the slot: items of a dataset, the rows of stages, or a
  /// run with all its predictions.
  void record(const Job& job, Slot& slot, const Ending& ending);

  /// Ends a run that failed because a stage that it needs has failed.
  /// @param ending that of the stage, with an error that names the stage
  void record_failed_stage(const BegunRun& run, const Job& stage, const Ending& ending,
                           const std::string& log);

  /// State, kind and error of the last attempt at a cell; the state is "running" while it runs, and
  /// "lost" if there was no attempt.
  Ending last_attempt(const PlannedCell& cell) const;

 private:
  void record_pretraining(const Job& job, Slot& slot, const Ending& ending);
  void record_features(const Job& job, const Slot& slot, const Ending& ending);
  void record_cell(const PlannedCell& cell, Slot& slot, const Ending& ending);
  void add_artifacts(std::vector<ArtifactRow>& artifacts, Json& facts) const;

  const Plan& plan_;
  Store& store_;
};

}  // namespace earshot::host
