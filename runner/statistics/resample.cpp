#include "statistics/resample.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "statistics/interval.hpp"
#include "statistics/random.hpp"

namespace earshot::statistics {

std::vector<std::vector<std::int32_t>> cluster_resamples(std::int64_t items,
                                                         const Grouping& grouping,
                                                         std::int64_t replicates,
                                                         std::uint64_t seed) {
  const Clusters clusters(items, grouping);
  std::vector<std::vector<std::vector<std::int32_t>>> members;  // by partition, by group
  for (const auto& partition : clusters.partitions()) {
    auto& groups = members.emplace_back(partition.sizes.size());
    for (std::int32_t item = 0; item < static_cast<std::int32_t>(items); ++item)
      groups[static_cast<std::size_t>(partition.group_of[static_cast<std::size_t>(item)])]
          .push_back(item);
  }
  Random random(seed);
  std::vector<std::vector<std::int32_t>> draws(static_cast<std::size_t>(replicates));
  for (std::size_t r = 0; r < draws.size(); ++r) {
    const auto& groups = members[r % members.size()];
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const auto& group =
          groups[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(groups.size())))];
      draws[r].insert(draws[r].end(), group.begin(), group.end());
    }
  }
  return draws;
}

double replicate_variance(std::span<const double> replicates, const Clusters& drawn) {
  constexpr double enough = 50;
  const std::size_t kinds = drawn.partitions().size();
  double variance = 0, largest = 0;
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    double count = 0, mean = 0, squares = 0;  // Welford 1962
    for (std::size_t r = kind; r < replicates.size(); r += kinds) {
      if (!std::isfinite(replicates[r])) continue;
      const double step = replicates[r] - mean;
      mean += step / ++count;
      squares += step * (replicates[r] - mean);
    }
    if (count < enough) return 0;
    // A draw of G groups shows (G - 1) / G of the variance.
    const auto& partition = drawn.partitions()[kind];
    const auto groups = static_cast<double>(partition.groups());
    const double part = squares / (count - 1) * groups / (groups - 1);
    variance += partition.sign * part;
    if (kind < drawn.dimensions().size()) largest = std::max(largest, part);
  }
  return std::max(variance, largest);
}

Interval replicate_interval(double estimate, std::span<const double> replicates,
                            const Clusters& drawn, const Clusters& slice, double level) {
  if (!std::isfinite(estimate)) return no_interval(estimate, "the value is not finite");
  if (slice.fewest() < fewest_groups) return no_interval(estimate, too_few_groups(slice));
  const double variance = replicate_variance(replicates, drawn);
  if (!(variance > 0))
    return no_interval(estimate, "the bootstrap replicates are equal, or too few are finite");
  return t_interval(estimate, variance, degrees_of_freedom(slice), level);
}

}  // namespace earshot::statistics
