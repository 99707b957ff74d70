#include "statistics/interval.hpp"

#include <cmath>
#include <limits>
#include <string>

#include <boost/math/distributions/students_t.hpp>

namespace earshot::statistics {

Interval no_interval(double estimate, std::string why) {
  Interval result;
  result.estimate = estimate;
  result.low = result.high = result.standard_error = std::numeric_limits<double>::quiet_NaN();
  result.missing = std::move(why);
  return result;
}

std::string too_few(std::int64_t count, std::string_view what) {
  std::string text = std::to_string(count);
  text.append(" ").append(what).append(count == 1 ? "" : "s").append("; at least ");
  return text.append(std::to_string(fewest_groups)).append(" are needed");
}

std::string too_few_groups(const Clusters& clusters) {
  return too_few(clusters.fewest(), "group");
}

Interval t_interval(double estimate, double variance, double degrees_of_freedom, double level) {
  const boost::math::students_t distribution(degrees_of_freedom);
  Interval result;
  result.estimate = estimate;
  result.standard_error = std::sqrt(variance);
  result.degrees_of_freedom = degrees_of_freedom;
  const double half = boost::math::quantile(distribution, (1 + level) / 2) * result.standard_error;
  result.low = estimate - half;
  result.high = estimate + half;
  result.p_value = 2 * boost::math::cdf(boost::math::complement(
                           distribution, std::abs(estimate) / result.standard_error));
  return result;
}

Interval mean_interval(std::span<const double> values, const Grouping& grouping, double level) {
  return mean_interval(values, Clusters(static_cast<std::int64_t>(values.size()), grouping), level);
}

Interval mean_interval(std::span<const double> values, const Clusters& clusters, double level) {
  if (values.empty()) return no_interval(std::numeric_limits<double>::quiet_NaN(), "no items");
  double sum = 0, squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  const auto n = static_cast<double>(values.size());
  const double mean = sum / n;
  if (!std::isfinite(mean)) return no_interval(mean, "a value is not finite");
  if (clusters.fewest() < fewest_groups) return no_interval(mean, too_few_groups(clusters));
  const auto estimate = mean_variance(values, clusters);
  // A rounding residue does not count as variance.
  if (!(estimate.variance > 1e-24 * squares / n))
    return no_interval(mean, "all groups have the same mean");
  return t_interval(estimate.mean, estimate.variance, estimate.degrees_of_freedom, level);
}

}  // namespace earshot::statistics
