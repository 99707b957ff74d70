#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/grouping.hpp"

namespace earshot::statistics {

/// A partition of the items into groups: by one dimension, or by several at once.
struct Partition {
  std::vector<std::int32_t> group_of{};  ///< group of each item, numbered from 0 without gaps
  std::vector<double> sizes{};           ///< number of items in each group
  int sign = 1;                          ///< in the sum over partitions: -1 for an even number of
                                         ///< dimensions
  std::int64_t groups() const { return static_cast<std::int64_t>(sizes.size()); }
};

/// A Grouping of a set of items, prepared for many estimates on them.
///
/// A dimension nested in another one (clips, each recorded in one room) is dropped: the wider one
/// covers it. Every non-empty subset of the remaining dimensions gives a partition by all of its
/// dimensions at once (Cameron, Gelbach, Miller 2011, "Robust inference with multiway clustering",
/// J. Bus. Econ. Stat. 29(2)); the single dimensions come first.
///
/// With `given`, the estimate is the mean for exactly these groups (these speakers): they count as
/// strata, not as a sample of groups. Differences between strata are then not uncertainty, and
/// items depend on each other only through the remaining dimensions; a dimension that does not vary
/// within a stratum is dropped. With several given dimensions, every combination is a stratum.
class Clusters {
 public:
  /// @throws std::invalid_argument if a dimension does not assign exactly one group to each item.
  Clusters(std::int64_t items, const Grouping& grouping, const Grouping& given = {});

  std::int64_t items() const { return items_; }
  /// Number of groups in the dimension with the fewest, minus what the strata take.
  std::int64_t fewest() const;
  bool conditional() const { return !scales_.empty(); }
  /// The uncertain part of the values. With strata: each value's distance from the mean of its
  /// stratum, scaled so that its square is right on average, plus `mean`. Without strata: the
  /// values themselves.
  std::vector<double> uncertain(std::span<const double> values, double mean) const;
  /// Degrees of freedom taken by the means of the strata: one for each after the first, fewer the
  /// more groups occur in several strata.
  double taken() const { return taken_; }
  const std::vector<Partition>& partitions() const { return partitions_; }
  std::span<const Partition> dimensions() const { return {partitions_.data(), dimensions_}; }

 private:
  std::int64_t items_;
  std::vector<Partition> partitions_;
  std::size_t dimensions_ = 0;
  Partition strata_{};
  std::vector<double> scales_{};  ///< for each stratum sqrt(m / (m - 1) (G - 1) / G), with m of all
                                  ///< G groups; 0 for one group: it keeps its distance from the
                                  ///< overall mean
  double taken_ = 0;
};

/// Variance of the mean of `values` and the degrees of freedom of that estimate.
struct MeanVariance {
  double mean = 0, variance = 0, degrees_of_freedom = 0;
};

/// Delete-one-group jackknife in each partition, summed with the partition's sign; at least the
/// largest of the single dimensions, since the sum can fall below what one dimension alone shows.
/// Degrees of freedom: the smallest over the dimensions, each that of Bell and McCaffrey 2002 under
/// a model with a random effect for each group, as in Imbens and Kolesar 2016 ("Robust standard
/// errors in small samples", Rev. Econ. Stat. 98(4)): groups - 1 for groups of equal size, fewer
/// the more the sizes differ. They are lowered to 2 V^2 / Var(V), with Var(V) from the fourth
/// powers of the groups' influence, where few groups carry the variance: when 3 of 100 items
/// differ, V is no better known than from 3 groups. The means of the strata take one degree each
/// after the first. `values` are finite, one for each item; every dimension has at least two
/// groups.
MeanVariance mean_variance(std::span<const double> values, const Clusters& clusters);

}  // namespace earshot::statistics
