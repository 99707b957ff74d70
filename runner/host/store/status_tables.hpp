#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "host/store/selected_rows.hpp"

// How far experiments are, each in its latest revision.

namespace earshot::host {

/// How a cell of an experiment stands.
struct CellState {
  std::string experiment{}, encoder{};
  std::string state{};   ///< that of its ok or else its last run, "pending" without, or "skipped"
  std::int64_t run = 0;  ///< that run; 0: none
};

/// @param experiment  "": all, by name. Cells in the order of the file
std::vector<CellState> cell_states(const Store& store, const std::string& experiment);

/// Every cell with the beginning of its key, in the order of the file.
Rows cell_table(const Store& store, const std::string& experiment);
/// What is known of the encoders whose features are there.
Rows encoder_table(const Store& store, const std::string& experiment);
/// Cells that a model is being trained in, with the last point of each of its curves.
Rows training_table(const Store& store, const std::string& experiment);
/// Cells that cannot run, by reason.
Rows skipped_table(const Store& store, const std::string& experiment);
/// Cells whose last attempt failed, the newest first. @param most  rows; negative: all
Rows failure_table(const Store& store, const std::string& experiment, std::int64_t most);
/// Cells in failure_table().
std::int64_t failed_cells(const Store& store, const std::string& experiment);
/// Runs that are ok and say less than they seem to.
Rows warning_table(const Store& store, const std::string& experiment);

}  // namespace earshot::host
