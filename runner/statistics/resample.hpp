#pragma once
#include <cstdint>
#include <vector>

#include "statistics/grouping.hpp"

namespace earshot::statistics {

/// Cluster bootstrap: `replicates` draws of item indices, whole groups with replacement. The same
/// seed gives the same draws, so that runs on one dataset can be compared draw by draw.
std::vector<std::vector<std::int32_t>> cluster_resamples(std::int64_t items,
                                                         const Grouping& grouping,
                                                         std::int64_t replicates,
                                                         std::uint64_t seed);

}  // namespace earshot::statistics
