#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "host/store/store.hpp"

namespace earshot::host {

/// Two finished runs that differ in nothing but the compared axis.
struct PairOfRuns {
  std::int64_t base = 0, candidate = 0;  ///< ids of the runs
  std::int64_t seed = 0, fold = 0;
};

/// All pairs with one task, one dataset, ...: what one line of a comparison is about. They differ
/// from each other in seed and fold only.
struct Condition {
  std::string task{}, dataset{}, mapper{}, language_model{}, variant{};  ///< of the base's cells
  std::string primary{};                                                 ///< metric
  std::int64_t dataset_id = 0, position = 0;  ///< position: of the first cell in the experiment
  std::vector<PairOfRuns> pairs{};
  std::int64_t planned = 0;  ///< pairs whose cells are both in the experiment
  std::int64_t missing = 0;  ///< planned pairs that are not finished, and cells without a partner
  std::string remark{};      ///< "the sides ran on cpu and cuda", or ""

  /// Whether everything but the task is the same.
  bool same_but_task(const Condition& other) const;
};

/// Pairs up the cells of an experiment along an axis: those with equal labels on all other axes but
/// the axis' zip partners and those that [select] chose along. Conditions in the experiment's
/// order.
std::vector<Condition> paired_conditions(const Store& store, std::int64_t experiment,
                                         const std::string& axis, const std::string& base,
                                         const std::string& candidate);

/// Values of an axis in the experiment's order; empty when it has no such axis.
std::vector<std::string> axis_values(const Store& store, std::int64_t experiment,
                                     const std::string& axis);
std::vector<std::string> axis_names(const Store& store, std::int64_t experiment);

}  // namespace earshot::host
