#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "statistics/clusters.hpp"

namespace earshot::statistics {

/// Below this number of groups there is no interval: neither the t approximation nor a bootstrap
/// holds.
constexpr std::int64_t fewest_groups = 10;

/// Interval of the mean of `values`: t on the multiway cluster-jackknife variance, with the degrees
/// of freedom of the dimension with the fewest effective groups (see mean_variance). None below 10
/// groups, if a value is not finite, or if all groups have the same mean, since then the spread of
/// unseen groups cannot be estimated.
Interval mean_interval(std::span<const double> values, const Grouping& grouping,
                       double level = 0.95);
Interval mean_interval(std::span<const double> values, const Clusters& clusters,
                       double level = 0.95);

/// The t interval of an estimate from its variance (> 0) and degrees of freedom; its p-value is
/// below 1 - level exactly if the interval excludes 0.
Interval t_interval(double estimate, double variance, double degrees_of_freedom, double level);

/// Why an estimate can have no interval: "7 items; at least 10 are needed".
std::string too_few(std::int64_t count, std::string_view what);
/// Likewise for the dimension with the fewest groups.
std::string too_few_groups(const Clusters& clusters);

Interval no_interval(double estimate, std::string why);

}  // namespace earshot::statistics
