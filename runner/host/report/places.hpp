#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "host/report/parts.hpp"

namespace earshot::host {

using Place = std::pair<std::size_t, std::size_t>;  ///< row and column of the table of scores

/// Rows and columns in the order of the cells, and the place of each cell. A row is an encoder with
/// the values of its option axes, a column a task with the values of all other axes.
class Grid {
 public:
  /// @param design  must outlive this object
  explicit Grid(const Design& design);

  const std::vector<Labels>& rows() const { return rows_; }
  /// The column of each cell of the design, in its order.
  std::vector<std::size_t> columns() const;
  /// Null if the cell is not shown: it has validation results, or equals an earlier one.
  const Place* place(std::int64_t position) const;
  const DesignCell& cell(std::int64_t position) const { return *cells_.at(position); }
  /// The finished cells of one seed at each place, the lowest that is finished: all of its folds,
  /// so that they cover each item once.
  std::map<Place, std::vector<const DesignCell*>> one_seed() const;

  /// Fills in rows and columns.
  void describe(ReportedExperiment& report) const;

 private:
  const Design& design_;
  std::vector<Labels> rows_{}, columns_{};
  std::map<std::int64_t, Place> places_{};
  std::map<std::int64_t, const DesignCell*> cells_{};
};

}  // namespace earshot::host
