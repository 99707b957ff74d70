#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include <earshot/kit/metrics.hpp>

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

double macro_f1(std::span<const std::int64_t> confusion, std::int64_t classes) {
  Mean f1;
  for (std::int64_t k = 0; k < classes; ++k) {
    const auto counts = counts_of(confusion, classes, k);
    const auto all = counts.truths + counts.predictions;
    if (all > 0) f1.add(2 * counts.hits / all);
  }
  return f1.value();
}

Ranking ranking(std::span<const double> scores, std::span<const std::uint8_t> positive) {
  std::vector<std::pair<double, std::uint8_t>> ranked(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i)
    ranked[i] = {scores[i], positive[i]};
  std::sort(ranked.begin(), ranked.end(),
            [](const auto& a, const auto& b) { return a.first > b.first; });
  double above = 0, below = 0, pairs = 0, precision = 0;  // positives and negatives so far
  for (std::size_t i = 0; i < ranked.size();) {
    double hits = 0, misses = 0;
    const auto score = ranked[i].first;
    for (; i < ranked.size() && ranked[i].first == score; ++i)
      (ranked[i].second != 0 ? hits : misses) += 1;
    pairs += misses * (above + hits / 2);
    above += hits;
    below += misses;
    precision += hits * above / (above + below);
  }
  return {.auc = above > 0 && below > 0 ? pairs / (above * below) : none,
          .average_precision = above > 0 ? precision / above : none};
}

Ranking macro_ranking(std::span<const double> scores, std::span<const std::uint8_t> positive,
                      std::int64_t classes) {
  const auto items = scores.size() / static_cast<std::size_t>(classes);
  std::vector<double> column(items);
  std::vector<std::uint8_t> hit(items);
  Mean auc, average_precision;
  for (std::int64_t k = 0; k < classes; ++k) {
    for (std::size_t i = 0; i < items; ++i) {
      const auto at = place(static_cast<std::int64_t>(i), k, classes);
      column[i] = scores[at];
      hit[i] = positive[at];
    }
    const auto one = ranking(column, hit);
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
