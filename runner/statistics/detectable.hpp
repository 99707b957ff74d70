#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace earshot::statistics {

/// What is known about a comparison before it is run.
struct PlannedComparison {
  std::int64_t items = 0;
  std::vector<std::int64_t> groups{};  ///< in each dimension; empty: every item is independent
  std::int64_t seeds = 1;
  /// n times the squared standard error that paired differences on n such items had, with seeds and
  /// groups included. Replaces all assumptions below.
  std::optional<double> item_variance{};
  /// Share of items on which two runs disagree. 0.2 corresponds to two encoders that are right on
  /// 70 % of the items each, with a correlation of 0.5 between them: 2 0.7 0.3 (1 - 0.5).
  double discordant = 0.2;
  double intraclass_correlation = 0.05;  ///< of the differences within a group, in each dimension
  double seed_deviation = 0.01;          ///< of a run's difference between seeds; ignored for one
};

/// Smallest true difference of two means of marks (0 or 1) that a two-sided test at `alpha` finds
/// with probability `power`:
///
///     (t(1 - alpha / 2) + t(power)) sqrt(V),
///     V = discordant / items (1 + sum over dimensions (items / groups - 1) correlation)
///         + seed_deviation^2 / seeds,
///
/// or V = item_variance / items if that is known, with the design effect of Kish 1965 for each
/// dimension and the degrees of freedom of the later interval. NaN below 10 groups or items, since
/// there will be no interval.
double smallest_detectable_difference(const PlannedComparison& planned, double power = 0.8,
                                      double alpha = 0.05);

}  // namespace earshot::statistics
