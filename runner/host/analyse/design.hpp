#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/experiment/claims.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

/// Values of a cell by axis, as the results file writes them.
using Labels = std::map<std::string, std::string>;

/// A cell that has test numbers, or will have.
struct DesignCell {
  Labels axes{};  ///< all but seed and fold
  std::int64_t seed = 0, fold = 0;
  std::int64_t position = 0;     ///< in the experiment
  std::int64_t run = 0;          ///< the finished one; 0: none yet
  std::int64_t dataset_id = 0;   ///< 0 of a cell that cannot run
  std::string key{}, primary{};  ///< primary: name of the metric; "" of a cell that cannot run
  std::string skipped{};         ///< why it cannot run; "" where it can
  bool hears_nothing = false;    ///< uses no encoder, so that `axes` has none
  // What two sides should have in common, from the cell's identity; "" where it has none.
  std::string scorer{}, evaluator{}, build{}, audio{}, device{};
};

/// The test cells of one revision of an experiment, and what its file says of comparing them.
struct Design {
  std::string name{};  ///< of the experiment; with its revision where two are compared
  std::int64_t experiment = 0;
  RecordedClaims claims{};
  std::vector<DesignCell> cells{};  ///< in the experiment's order

  /// Axes that some cell has, without seed and fold, by name.
  std::vector<std::string> axis_names() const;
  /// Values of an axis in the experiment's order; empty when no cell has it.
  std::vector<std::string> axis_values(const std::string& axis) const;
  /// Axes that advance together with `axis` in this cell: partners in a zip, and the task with its
  /// own dataset.
  std::vector<std::string> partners(const DesignCell& cell, const std::string& axis) const;
};

/// @param experiment  id of a revision
/// @throws Failure (store_unusable) where the file holds what cannot be read, with table and row
Design read_design(const Store& store, std::int64_t experiment);

/// Only the file's claims; no cells.
RecordedClaims read_recorded_claims(const Store& store, std::int64_t experiment);

/// JSON that the results file holds. @param where  "item 17": names it in messages
/// @throws Failure (store_unusable) where the text is not valid JSON
Json recorded_json(const Store& store, const std::string& text, const std::string& where);

}  // namespace earshot::host
