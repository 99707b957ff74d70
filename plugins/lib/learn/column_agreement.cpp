#include <algorithm>
#include <cmath>
#include <limits>

#include <lib/learn/column_agreement.hpp>

namespace earshot::kit {

namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

}  // namespace

ColumnAgreement::ColumnAgreement(std::int64_t columns)
    : columns_(static_cast<std::size_t>(columns)) {}

void ColumnAgreement::add(std::span<const float> truth, std::span<const double> predicted) {
  const auto share = 1 / static_cast<double>(++items_);
  for (std::size_t k = 0; k < columns_.size(); ++k) {
    auto& sums = columns_[k];
    const double t = truth[k], p = predicted[k];
    const auto from_truth = t - sums.truth_mean, from_predicted = p - sums.predicted_mean;
    sums.truth_mean += from_truth * share;
    sums.predicted_mean += from_predicted * share;
    const auto predicted_rest = p - sums.predicted_mean;
    sums.truth_spread += from_truth * (t - sums.truth_mean);
    sums.predicted_spread += from_predicted * predicted_rest;
    sums.common += from_truth * predicted_rest;
    sums.squared_error += (t - p) * (t - p);
  }
}

std::int64_t ColumnAgreement::constant() const {
  return std::count_if(columns_.begin(), columns_.end(),
                       [](const Sums& sums) { return sums.truth_spread == 0; });
}

std::vector<double> ColumnAgreement::correlations() const {
  std::vector<double> result;
  result.reserve(columns_.size());
  for (const auto& sums : columns_) {
    const auto scale = std::sqrt(sums.truth_spread) * std::sqrt(sums.predicted_spread);
    result.push_back(sums.truth_spread == 0 ? undefined
                     : scale > 0            ? std::clamp(sums.common / scale, -1.0, 1.0)
                                            : 0);
  }
  return result;
}

std::vector<double> ColumnAgreement::r_squared() const {
  std::vector<double> result;
  result.reserve(columns_.size());
  for (const auto& sums : columns_)
    result.push_back(sums.truth_spread == 0 ? undefined
                                            : 1 - sums.squared_error / sums.truth_spread);
  return result;
}

double mean_of_defined(std::span<const double> numbers) {
  double sum = 0;
  std::int64_t count = 0;
  for (const auto number : numbers) {
    if (std::isnan(number)) continue;
    sum += number;
    ++count;
  }
  return count == 0 ? undefined : sum / static_cast<double>(count);
}

}  // namespace earshot::kit
