#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace earshot::kit {

/// How well predicted vectors agree with true ones in each of their columns, from items that are
/// added one by one; a million columns take 48 MB, however many items there are. Numbers agree with
/// scipy.stats.pearsonr and sklearn.metrics.r2_score, column by column.
class ColumnAgreement {
 public:
  explicit ColumnAgreement(std::int64_t columns);

  /// Adds an item: finite values, one for each column.
  void add(std::span<const float> truth, std::span<const double> predicted);

  std::int64_t items() const { return items_; }
  /// Columns in which all items have the same truth, so that nothing there can be predicted.
  std::int64_t constant() const;

  /// Pearson's correlation of truth and prediction. 0 where all predictions are equal but the
  /// truths are not: a constant answer follows nothing. NaN where the truths are equal.
  std::vector<double> correlations() const;
  /// 1 - squared error / variance of the truth. NaN where the truths are equal.
  std::vector<double> r_squared() const;

 private:
  /// Means, and sums of squares and products of deviations from them (Welford 1962): exactly 0
  /// where all values are equal.
  struct Sums {
    double truth_mean = 0, predicted_mean = 0, truth_spread = 0, predicted_spread = 0, common = 0;
    double squared_error = 0;
  };
  std::int64_t items_ = 0;
  std::vector<Sums> columns_;
};

/// The mean of the numbers that are not NaN; NaN if there are none.
double mean_of_defined(std::span<const double> numbers);

}  // namespace earshot::kit
