#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/clusters.hpp"

namespace earshot::statistics {

/// Cluster bootstrap: `replicates` draws of item indices, whole groups with replacement. The same
/// seed gives the same draws, so that runs on one dataset can be compared draw by draw.
///
/// Where groups cross (rooms and sources), the draws take turns: draw r resamples the groups of
/// partition r mod P of Clusters::partitions(), so that replicate_interval can sum the variances of
/// the P kinds of draws as the interval of a mean does.
std::vector<std::vector<std::int32_t>> cluster_resamples(std::int64_t items,
                                                         const Grouping& grouping,
                                                         std::int64_t replicates,
                                                         std::uint64_t seed);

/// Interval of a metric that is no mean, from its values on the draws of cluster_resamples in their
/// order: a t interval around `estimate` on the variance of the replicates. Replicates that are not
/// finite (a class was not drawn) are left out.
/// @param drawn  all items that the draws were made of
/// @param slice  those that the metric is about; their number of groups gives the degrees of
/// freedom
Interval replicate_interval(double estimate, std::span<const double> replicates,
                            const Clusters& drawn, const Clusters& slice, double level = 0.95);

/// The variance that replicate_interval stands on; 0 with fewer than 50 finite replicates of a
/// kind.
double replicate_variance(std::span<const double> replicates, const Clusters& drawn);

}  // namespace earshot::statistics
