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
class Clusters {
 public:
  /// @throws std::invalid_argument if a dimension does not have one group for each item.
  Clusters(std::int64_t items, const Grouping& grouping);

  std::int64_t items() const { return items_; }
  /// Groups of the dimension that has the fewest.
  std::int64_t fewest() const;
  const std::vector<Partition>& partitions() const { return partitions_; }
  std::span<const Partition> dimensions() const { return {partitions_.data(), dimensions_}; }

 private:
  std::int64_t items_;
  std::vector<Partition> partitions_;
  std::size_t dimensions_ = 0;
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
/// known as from 3 groups.
/// `values` finite, one for each item; every dimension of at least two groups.
MeanVariance mean_variance(std::span<const double> values, const Clusters& clusters);

/// The degrees of freedom that mean_variance finds when groups have nothing in common.
double degrees_of_freedom(const Clusters& clusters);

}  // namespace earshot::statistics
