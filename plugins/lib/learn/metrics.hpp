#pragma once
#include <cstdint>
#include <span>
#include <vector>

// Metrics of a list of predictions, on plain arrays. Classes are 0 to classes - 1. Agreement with
// scikit-learn 1.x is tested, including ties. NaN: the metric is undefined (no items, no
// positives); callers leave it out.

namespace earshot::kit {

/// Counts (classes, classes), row by row: row is the truth, column the prediction.
std::vector<std::int64_t> confusion(std::span<const std::int64_t> truth,
                                    std::span<const std::int64_t> predicted, std::int64_t classes);

/// Share of items on the diagonal.
double accuracy(std::span<const std::int64_t> confusion, std::int64_t classes);

/// Mean recall of the classes that occur in the truth. The chance level is 1 over their number.
double balanced_accuracy(std::span<const std::int64_t> confusion, std::int64_t classes);

/// Mean of 2 TP / (2 TP + FP + FN) over the classes that occur in truth or prediction, limited to
/// the first `scored` ones if given: those after them stand for no answer.
double macro_f1(std::span<const std::int64_t> confusion, std::int64_t classes,
                std::int64_t scored = -1);

/// Area under the ROC curve = the probability that a positive scores above a negative, ties
/// counting half (Mann and Whitney 1947). NaN without positives or without negatives. Average
/// precision = sum over ranks of precision times the rise in recall, items with equal scores being
/// one rank, without interpolation. NaN without positives.
struct Ranking {
  double auc = 0, average_precision = 0;
};
Ranking ranking(std::span<const double> scores, std::span<const std::uint8_t> positive);

/// Ranking of each class against the rest, where `scores` and `positive` are (items, classes) row
/// by row; means over the classes for which they are defined.
Ranking macro_ranking(std::span<const double> scores, std::span<const std::uint8_t> positive,
                      std::int64_t classes);

double mean_absolute_error(std::span<const double> truth, std::span<const double> predicted);

/// 1 - squared error / variance around the mean of these items. NaN if all truths are equal.
double r_squared(std::span<const double> truth, std::span<const double> predicted);

/// The middle value, for an even number the mean of the two; NaN if empty.
double median(std::vector<double> values);

}  // namespace earshot::kit
