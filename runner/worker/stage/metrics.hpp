#pragma once
#include <string>
#include <utility>
#include <vector>

#include <earshot/evaluator.hpp>

#include "protocol/stages.hpp"

namespace earshot::worker {

/// The test items of a run with what was predicted, in one order.
struct Outcomes {
  std::vector<Item> items{};
  std::vector<Prediction> predictions{};  ///< as many
  std::vector<Numbers> marks{};           ///< as many, of Evaluator::mark()
};

/// A metric, with the packed statistics::Influences of its items if it is not a mean.
using MetricWithInfluences = std::pair<protocol::MetricRow, std::string>;

/// What an evaluator may report.
std::vector<std::string> metric_names(const Evaluator& evaluator);

/// Evaluator::mark() of each item.
/// @throws ContractError for a number that is not finite or not in metrics(), naming the item.
std::vector<Numbers> mark_all(const Evaluator& evaluator, const std::vector<Item>& items,
                              const std::vector<Prediction>& predictions);

/// Metrics of all items (slice 'all' of dimension 'all', first), then of every slice that an item
/// belongs to, in alphabetical order: means of marks with their interval; what score() gives, with
/// the interval from what it gives without each item. `n` is the number of items behind a mean, and
/// of a score what score() gives as "<metric>.n", or all items of the slice where it says nothing.
/// @param replicates  how often score() is asked again at most; where there are more items, they
///                    are left out in blocks: statistics::enough_blocks or as many as stay below 20
///                    million items asked for, whichever is more. 0: no intervals of scores.
/// @throws ContractError when score() gives a name that is not in metrics(), or a count that is not
/// one.
std::vector<MetricWithInfluences> slice_metrics(const Evaluator& evaluator,
                                                const Outcomes& outcomes, std::int64_t replicates);

/// A number about the whole run, without interval.
protocol::MetricRow report_row(const std::string& metric, double value, std::int64_t count);

}  // namespace earshot::worker
