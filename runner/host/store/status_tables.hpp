#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "host/store/selected_rows.hpp"

// The progress of experiments, each in its latest revision.

namespace earshot::host {

/// The state of a cell of an experiment.
struct CellState {
  std::string experiment{}, encoder{};
  /// That of its ok run or else its last, "pending" without a run, or "skipped".
  std::string state{};
  std::int64_t run = 0;                       ///< the run with this state; 0: none
  std::int64_t position = 0;                  ///< of the cell in the experiment
  std::string error{};                        ///< of that run, or why the cell cannot run; or ""
  std::int64_t started_ms = 0, ended_ms = 0;  ///< of that run, since 1970 in UTC; 0: unknown
};

/// @param experiment  "": all, by name. Cells in the order of the file
std::vector<CellState> cell_states(const Store& store, const std::string& experiment);

/// Every cell with the beginning of its key, in the order of the file.
Rows cell_table(const Store& store, const std::string& experiment);
/// What is known about the encoders whose features have been computed.
Rows encoder_table(const Store& store, const std::string& experiment);
/// Cells in which a model is being trained, with the last point of each curve.
Rows training_table(const Store& store, const std::string& experiment);
/// Cells that cannot run, by reason.
Rows skipped_table(const Store& store, const std::string& experiment);
/// Cells whose last attempt failed, the newest first. @param most  maximum number of rows;
/// negative: all
Rows failure_table(const Store& store, const std::string& experiment, std::int64_t most);
/// Number of cells in failure_table().
std::int64_t failed_cells(const Store& store, const std::string& experiment);
/// The primary scores of the cells that ended ok last, the newest first. @param most  of cells
Rows latest_scores(const Store& store, const std::string& experiment, std::int64_t most);
/// The warnings of ok runs.
Rows warning_table(const Store& store, const std::string& experiment);
/// Seconds and bytes by kind of work and encoder, over all attempts.
Rows cost_table(const Store& store, const std::string& experiment);

}  // namespace earshot::host
