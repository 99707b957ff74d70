#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "host/experiment/claims.hpp"
#include "host/store/experiment_design.hpp"

namespace earshot::host {

/// The test cells of one revision of an experiment, and what its file declares for comparisons.
struct Design {
  std::string name{};  ///< of the experiment; with its revision if two revisions are compared
  std::int64_t experiment = 0;
  Claims claims{};
  std::vector<DesignCell> cells{};  ///< in the experiment's order

  /// Axes that at least one cell has, without seed and fold, by name.
  std::vector<std::string> axis_names() const;
  /// Values of an axis in the experiment's order; empty if no cell has it.
  std::vector<std::string> axis_values(const std::string& axis) const;
  /// Axes that advance together with `axis` in this cell: partners in a zip, and the task with its
  /// own dataset.
  std::vector<std::string> partners(const DesignCell& cell, const std::string& axis) const;
};

/// @param experiment  id of the revision to which the cells belong, in its order
Design make_design(std::string name, std::int64_t experiment, Claims claims,
                   std::vector<DesignCell> cells);

}  // namespace earshot::host
