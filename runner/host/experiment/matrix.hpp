#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "host/experiment/experiment.hpp"

namespace earshot::host {

/// A component as one cell uses it: overrides and option axes applied.
struct CellComponent {
  std::string label{};
  std::string use{};
  Json options = Json::object();   ///< as written: not completed, paths as in the file
  Json settings = Json::object();  ///< see Component::settings
  /// Positions of options from an axis or [[override]]; those of others are in the Component.
  std::map<std::string, Position> positions{};
};

/// One point of the matrix.
struct Cell {
  /// Axis -> value, in the block's order: encoder, task, ..., "task.lr", seed, fold. Labels are
  /// texts, seed and fold integers, option values as written. Always has encoder, task, dataset
  /// (after the task, if no axis) and seed (0 at the end, if no axis).
  std::vector<std::pair<std::string, Json>> axes{};
  CellComponent encoder{}, task{}, dataset{};
  CellComponent mapper{}, language_model{};  ///< label "" when the block has no such axis
  std::int64_t seed = 0, fold = 0;
  Json resources = Json::object();
  std::string excluded{};  ///< reason of the [[exclude]] that takes it out; "" when it stays
  bool selected = true;    ///< false: left out by --only, --skip or --limit of this call

  const Json* axis(const std::string& name) const;  ///< null when the cell lacks the axis
  std::string label() const;                        ///< "log_mel/room/s0", for messages
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
