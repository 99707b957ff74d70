#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/experiment/experiment.hpp"

namespace earshot::host {

/// A component as one cell uses it. Cells with the same options and settings share it.
struct CellComponent {
  std::string label{};                           ///< "" when the block has no such axis
  std::shared_ptr<const Component> component{};  ///< null: none, or not of this experiment
};

/// One point of the matrix.
struct Cell {
  /// In the block's order: encoder, task, ..., "task.lr", seed, fold. Always has encoder, task,
  /// dataset (after the task, if no axis) and seed (0 at the end, if no axis).
  Axes axes{};
  CellComponent encoder{}, task{}, dataset{}, mapper{}, language_model{};
  std::int64_t seed = 0, fold = 0;
  ResourceLimits resources{};
  std::string excluded{};  ///< reason of the [[exclude]] that takes it out; "" when it stays
  bool selected = true;    ///< false: left out by --only, --skip or --limit of this call

  CellComponent& of(Table table);  ///< not pretrain
  std::string label() const;       ///< "log_mel/room/s0", for messages
};

/// What expanding must ask about the data: the folds of a dataset, for fold = "*". None when they
/// are unknown, because the data is missing, or when there are none: then one cell with fold "*"
/// stands for all, which cannot run.
using FoldsOf = std::function<std::vector<std::int64_t>(const CellComponent& dataset)>;

/// All cells of the experiment in order: blocks as written, last axis fastest, a cell reached
/// twice once. Order: blocks, where, union, exclude, override, only/skip, limit.
/// @throws Failure (usage): an exclude or override that matches nothing, an override of an option
/// that is an axis of the cell, an axis or value of --only or --skip that is unknown (with the
/// nearest), more cells than max_cells.
std::vector<Cell> expand(const Experiment& experiment, const Overrides& overrides,
                         const FoldsOf& folds);

}  // namespace earshot::host
