#pragma once
#include <optional>
#include <string>
#include <vector>

#include "host/schedule/workers.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

/// A plan as the store keeps it: its experiment with references, and every cell that has
/// a key, but those that [select] has dropped, and every cell that cannot run, with the reason.
struct PlanRecords {
  ExperimentRecord experiment{};
  std::vector<CellRecord> cells{};
  std::vector<DatasetRecord> datasets{};
};

PlanRecords records_of(const Plan& plan, const Overrides& overrides);

/// Writes what becomes of jobs into the store, and reads what became of others'.
/// @throws Failure (store_unusable), all of it
class Recorder {
 public:
  Recorder(const Plan& plan, Store& store) : plan_(plan), store_(store) {}

  /// Begins an attempt at a cell; nothing when it is another runner's, or done.
  std::optional<BegunRun> begin(const PlannedCell& cell);

  /// Writes the points of curves that came since the last time, so that a training can be watched.
  void watch(const Job& job, Slot& slot);

  /// What the attempt in the slot came to: items of a dataset, the rows of stages, or a run
  /// with all that it predicted.
  void record(const Job& job, Slot& slot, const Ending& ending);

  /// A run that came to nothing because a stage that it needs failed.
  /// @param ending as that of the stage, with an error that names it
  void record_failed_stage(const BegunRun& run, const Job& stage, const Ending& ending,
                           const std::string& log);

  /// State, kind and error of the last attempt at a cell; "running" while it runs, "lost" where
  /// there is none.
  Ending last_attempt(const PlannedCell& cell) const;

 private:
  void record_pretraining(const Job& job, Slot& slot, const Ending& ending);
  void record_features(const Job& job, const Slot& slot, const Ending& ending);
  void record_cell(const PlannedCell& cell, Slot& slot, const Ending& ending);

  const Plan& plan_;
  Store& store_;
};

}  // namespace earshot::host
