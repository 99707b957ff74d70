#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/experiment/experiment.hpp"

namespace earshot::host {

/// A component as a cell uses it. Cells with the same options and settings share one.
struct CellComponent {
  std::string label{};                           ///< "" if the block has no such axis
  std::shared_ptr<const Component> component{};  ///< null: none, or not defined in this experiment
};

/// One point of the matrix.
struct Cell {
  /// In the block's order: encoder, task, ..., "task.lr", seed, fold. Encoder, task, dataset and
  /// seed are always there; a dataset that is not an axis follows the task, and a seed that is not
  /// an axis is 0, at the end.
  Axes axes{};
  CellComponent encoder{}, task{}, dataset{}, mapper{}, language_model{};
  std::int64_t seed = 0, fold = 0;
  ResourceLimits resources{};
  std::string excluded{};  ///< reason of the [[exclude]] that matches it; "" if none does
  bool selected = true;    ///< false: left out by --only, --skip or --limit

  CellComponent& of(Table table);  ///< for all tables except pretrain
  std::string label() const;       ///< "log_mel/room/s0", for messages
};

/// Returns the folds of a dataset, which fold = "*" needs. Empty if there are none, or if they are
/// unknown because the data is missing: then one cell with fold "*", which cannot run, stands for
/// all.
using FoldsOf = std::function<std::vector<std::int64_t>(const CellComponent& dataset)>;

/// All cells of the experiment: blocks in the order of the file, the last axis fastest, and a cell
/// that is reached twice only once. Order of the steps: blocks, where, union, exclude, override,
/// only/skip, limit.
/// @throws Failure (usage) for an exclude or override that matches nothing, an override of an
/// option that is an axis of the cell, an unknown axis or value of --only or --skip (with the
/// nearest), or more cells than max_cells.
std::vector<Cell> expand(const Experiment& experiment, const Overrides& overrides,
                         const FoldsOf& folds);

}  // namespace earshot::host
