#pragma once
#include <span>

#include "statistics/grouping.hpp"

namespace earshot::statistics {

/// Interval of the mean of `values`: t on the multiway cluster-jackknife variance, degrees of
/// freedom from the dimension with the fewest groups. Below 10 groups: none.
Interval mean_interval(std::span<const double> values, const Grouping& grouping,
                       double level = 0.95);

}  // namespace earshot::statistics
