#pragma once
#include <cstdint>
#include <vector>

namespace earshot::statistics {

/// What is known of a comparison before it is run.
struct PlannedComparison {
  std::int64_t items = 0;
  std::vector<std::int64_t> groups{};  ///< of each dimension; none: every item stands alone
  std::int64_t seeds = 1;
  double discordant = 0.3;              ///< share of items on which two runs disagree
  double intraclass_correlation = 0.1;  ///< of the differences within a group, in each dimension
  double seed_deviation = 0.01;         ///< of a run's difference from seed to seed; with 1 seed
                                        ///< not counted, for nothing can show it
};

/// Smallest true difference of two means of marks (0 or 1) that a two-sided test at `alpha` finds
/// with probability `power`:
///
///     (t(1 - alpha / 2) + t(power)) sqrt(V),
///     V = discordant / items (1 + sum over dimensions (items / groups - 1) correlation)
///         + seed_deviation^2 / seeds
///
/// with the design effect of Kish 1965 for each dimension and the degrees of freedom that the
/// interval will have. NaN below 10 groups or items, where there will be no interval.
double smallest_detectable_difference(const PlannedComparison& planned, double power = 0.8,
                                      double alpha = 0.05);

}  // namespace earshot::statistics
