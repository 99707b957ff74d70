#pragma once
#include <utility>
#include <vector>

#include <earshot/evaluator.hpp>

#include "protocol/messages.hpp"

namespace earshot::worker {

/// The test items of a run with what was predicted, in one order.
struct Outcomes {
  std::vector<Item> items{};
  std::vector<Prediction> predictions{};  ///< as many
  std::vector<Numbers> marks{};           ///< as many, of Evaluator::mark()
};

/// A metric with its bootstrap replicates, if it has any.
using MetricWithReplicates = std::pair<protocol::MetricRow, std::vector<double>>;

/// What an evaluator may report.
std::vector<std::string> metric_names(const Evaluator& evaluator);

/// Evaluator::mark() of each item.
/// @throws ContractError for a number that is not finite or not in metrics(), naming the item.
std::vector<Numbers> mark_all(const Evaluator& evaluator, const std::vector<Item>& items,
                              const std::vector<Prediction>& predictions);

/// Metrics of all items (slice 'all' of dimension 'all', first), then of every slice that an item
/// belongs to, in alphabetical order: means of marks with their interval; what score() gives with
/// the interval of its values on resamples. The resamples are drawn from all items, with a seed
/// from the dataset's key alone, so that runs on one dataset are compared draw by draw; a slice
/// takes of each draw what is in it. `n` is the number of items behind a mean, and of a score what
/// score() gives as "<metric>.n", or all items of the slice where it says nothing. There are
/// `replicates` of them, fewer of more than 10,000 items, that the number of items drawn stays
/// below 20 million.
/// @throws ContractError when score() gives a name that is not in metrics(), or a count that is
/// none.
std::vector<MetricWithReplicates> slice_metrics(const Evaluator& evaluator,
                                                const Outcomes& outcomes,
                                                const std::string& dataset_key,
                                                std::int64_t replicates);

/// A number about the whole run, without interval.
protocol::MetricRow report_row(const std::string& metric, double value, std::int64_t count);

}  // namespace earshot::worker
