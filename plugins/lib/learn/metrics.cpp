#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include <lib/learn/metrics.hpp>

namespace earshot::kit {

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

std::size_t place(std::int64_t row, std::int64_t column, std::int64_t columns) {
  return static_cast<std::size_t>(row * columns + column);
}

struct Counts {
  double hits = 0, truths = 0, predictions = 0;
};

Counts counts_of(std::span<const std::int64_t> confusion, std::int64_t classes, std::int64_t k) {
  Counts counts;
  counts.hits = static_cast<double>(confusion[place(k, k, classes)]);
  for (std::int64_t other = 0; other < classes; ++other) {
    counts.truths += static_cast<double>(confusion[place(k, other, classes)]);
    counts.predictions += static_cast<double>(confusion[place(other, k, classes)]);
  }
  return counts;
}

/// Mean of the numbers that exist.
struct Mean {
  double sum = 0;
  std::int64_t count = 0;
  void add(double value) {
    if (std::isnan(value)) return;
    sum += value;
    ++count;
  }
  double value() const { return count == 0 ? none : sum / static_cast<double>(count); }
};

}  // namespace

std::vector<std::int64_t> confusion(std::span<const std::int64_t> truth,
                                    std::span<const std::int64_t> predicted, std::int64_t classes) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(classes * classes));
  for (std::size_t i = 0; i < truth.size(); ++i)
    ++counts[place(truth[i], predicted[i], classes)];
  return counts;
}

double accuracy(std::span<const std::int64_t> confusion, std::int64_t classes) {
  double hits = 0;
  for (std::int64_t k = 0; k < classes; ++k)
    hits += static_cast<double>(confusion[place(k, k, classes)]);
  const auto all = std::accumulate(confusion.begin(), confusion.end(), std::int64_t{0});
  return all == 0 ? none : hits / static_cast<double>(all);
}

double balanced_accuracy(std::span<const std::int64_t> confusion, std::int64_t classes) {
  Mean recall;
  for (std::int64_t k = 0; k < classes; ++k) {
    const auto counts = counts_of(confusion, classes, k);
    if (counts.truths > 0) recall.add(counts.hits / counts.truths);
  }
  return recall.value();
}

double macro_f1(std::span<const std::int64_t> confusion, std::int64_t classes,
                std::int64_t scored) {
  Mean f1;
  for (std::int64_t k = 0; k < (scored < 0 ? classes : scored); ++k) {
    const auto counts = counts_of(confusion, classes, k);
    const auto all = counts.truths + counts.predictions;
    if (all > 0) f1.add(2 * counts.hits / all);
  }
  return f1.value();
}

namespace {

/// Only the positives are sorted; each negative is then looked up among them. Resampling calls this
/// thousands of times, and with many classes there are few positives.
Ranking rank(std::vector<double>& positives, const std::vector<double>& negatives) {
  const auto all = positives.size();
  if (all == 0) return {.auc = none, .average_precision = none};
  std::sort(positives.begin(), positives.end());
  // Counts negatives by how many positives score lower; those equal to the next positive are
  // counted separately.
  std::vector<double> between(all + 1), equal(all + 1);
  for (const auto score : negatives) {
    const auto lower = static_cast<std::size_t>(
        std::lower_bound(positives.begin(), positives.end(), score) - positives.begin());
    (lower < all && positives[lower] == score ? equal : between)[lower] += 1;
  }
  double misses = between[all], won = 0, precision = 0;
  for (std::size_t end = all; end > 0;) {  // positives with equal scores at a time, from the top
    auto begin = end - 1;
    while (begin > 0 && positives[begin - 1] == positives[end - 1])
      --begin;
    const auto hits = static_cast<double>(end - begin), above = static_cast<double>(all - begin);
    won += hits * (static_cast<double>(negatives.size()) - misses - equal[begin] / 2);
    misses += equal[begin];
    precision += hits * above / (above + misses);
    misses += between[begin];
    end = begin;
  }
  const auto pairs = static_cast<double>(all) * static_cast<double>(negatives.size());
  return {.auc = negatives.empty() ? none : won / pairs,
          .average_precision = precision / static_cast<double>(all)};
}

}  // namespace

Ranking ranking(std::span<const double> scores, std::span<const std::uint8_t> positive) {
  return macro_ranking(scores, positive, 1);
}

Ranking macro_ranking(std::span<const double> scores, std::span<const std::uint8_t> positive,
                      std::int64_t classes) {
  std::vector<double> positives, negatives;
  Mean auc, average_precision;
  for (std::int64_t k = 0; k < classes; ++k) {
    positives.clear();
    negatives.clear();
    for (auto i = static_cast<std::size_t>(k); i < scores.size();
         i += static_cast<std::size_t>(classes))
      (positive[i] != 0 ? positives : negatives).push_back(scores[i]);
    const auto one = rank(positives, negatives);
    auc.add(one.auc);
    average_precision.add(one.average_precision);
  }
  return {.auc = auc.value(), .average_precision = average_precision.value()};
}

double mean_absolute_error(std::span<const double> truth, std::span<const double> predicted) {
  double sum = 0;
  for (std::size_t i = 0; i < truth.size(); ++i)
    sum += std::abs(truth[i] - predicted[i]);
  return truth.empty() ? none : sum / static_cast<double>(truth.size());
}

double r_squared(std::span<const double> truth, std::span<const double> predicted) {
  if (truth.empty()) return none;
  const auto mean =
      std::accumulate(truth.begin(), truth.end(), 0.0) / static_cast<double>(truth.size());
  double error = 0, spread = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    error += (truth[i] - predicted[i]) * (truth[i] - predicted[i]);
    spread += (truth[i] - mean) * (truth[i] - mean);
  }
  return spread > 0 ? 1 - error / spread : none;
}

double median(std::vector<double> values) {
  if (values.empty()) return none;
  const auto half = values.size() / 2;
  std::sort(values.begin(), values.end());
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace earshot::kit
