#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/grouping.hpp"

namespace earshot::statistics {

/// The items divided into groups in one way: by a dimension, or by several at once.
struct Partition {
  std::vector<std::int32_t> group_of{};  ///< of each item, numbered from 0 without gaps
  std::vector<double> sizes{};           ///< items of each group
  int sign = 1;                          ///< in the sum over partitions: -1 for an even number of
                                         ///< dimensions at once
  std::int64_t groups() const { return static_cast<std::int64_t>(sizes.size()); }
};

/// What a Grouping says of a set of items, prepared for many estimates on them.
///
/// Dimensions whose every group lies within a group of another one (clips recorded in one room
/// each) are dropped: the wider one covers them. Of those that remain every non-empty subset gives
/// a partition by all of its dimensions at once (Cameron, Gelbach, Miller 2011, "Robust inference
/// with multiway clustering", J. Bus. Econ. Stat. 29(2)); the single dimensions stand first.
///
/// With `given`, what is estimated is the mean for just these groups (these speakers): they count
/// as strata, not as a sample of groups. What differs between strata is no uncertainty then, and
/// items depend on each other through the remaining dimensions only; a dimension that does not vary
/// within a stratum goes with it. Of several given dimensions every combination is a stratum.
class Clusters {
 public:
  /// @throws std::invalid_argument if a dimension does not have one group for each item.
  Clusters(std::int64_t items, const Grouping& grouping, const Grouping& given = {});

  std::int64_t items() const { return items_; }
  /// Groups of the dimension that has the fewest, less what the strata take.
  std::int64_t fewest() const;
  bool conditional() const { return !scales_.empty(); }
  /// What of the values is uncertain: with strata, each value's distance from the mean of its
  /// stratum, scaled so that its square is right on average; `mean` is added. Without, as they are.
  std::vector<double> uncertain(std::span<const double> values, double mean) const;
  /// Degrees of freedom that the means of the strata take: one each after the first, fewer the more
  /// groups lie in several strata.
  double taken() const { return taken_; }
  const std::vector<Partition>& partitions() const { return partitions_; }
  std::span<const Partition> dimensions() const { return {partitions_.data(), dimensions_}; }

 private:
  std::int64_t items_;
  std::vector<Partition> partitions_;
  std::size_t dimensions_ = 0;
  Partition strata_{};
  std::vector<double> scales_{};  ///< of each stratum, sqrt(m / (m - 1) (G - 1) / G) with m of all
                                  ///< G groups; with a single one 0: it keeps its distance from the
                                  ///< mean of all
  double taken_ = 0;
};

/// Variance of the mean of `values` and the degrees of freedom of that estimate.
struct MeanVariance {
  double mean = 0, variance = 0, degrees_of_freedom = 0;
};

/// Delete-one-group jackknife in each partition, summed with the partition's sign; at least the
/// largest of single dimensions, since the sum can fall below what one dimension alone shows.
/// Degrees of freedom: the smallest of the dimensions', each that of Bell and McCaffrey 2002 under
/// the model of a random effect for each group, as Imbens and Kolesar 2016 ("Robust standard errors
/// in small samples", Rev. Econ. Stat. 98(4)) take it: groups - 1 for groups of equal size, fewer
/// the more they differ. They are lowered to 2 V^2 / Var(V), with Var(V) from the fourth powers of
/// the groups' influence, where few groups carry the variance: when 3 of 100 items differ, V is
/// known as from 3 groups. The means of strata take one degree each but for the first.
/// `values` finite, one for each item; every dimension of at least two groups.
MeanVariance mean_variance(std::span<const double> values, const Clusters& clusters);

}  // namespace earshot::statistics
