#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "simulated_groups.hpp"
#include "statistics/interval.hpp"
#include "statistics/random.hpp"

namespace earshot::statistics {
namespace {

struct Coverage {
  double share = 0;    ///< percentage of intervals that cover the true difference
  double missing = 0;  ///< percentage of trials without an interval
};

/// Paired marks of 0 and 1: a share `discordant` of the items differs, on average by `difference`;
/// groups differ in their own mean difference.
Coverage simulate(int groups, bool geometric, double difference, double discordant) {
  const auto grouping = simulated_groups(groups, geometric, 3);
  const auto& group_of = grouping.dimensions[0];
  const Clusters clusters(static_cast<std::int64_t>(group_of.size()), grouping);
  const double spread = 0.5 * (discordant - difference);
  Random random(static_cast<std::uint64_t>(groups) * 2 + geometric);
  std::vector<double> values(group_of.size());
  int held = 0, given = 0;
  for (int trial = 0; trial < trials; ++trial) {
    std::int32_t group = -1;
    double up = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (group_of[i] != group) {
        group = group_of[i];
        up = (discordant + difference + spread * random.uniform(-1, 1)) / 2;
      }
      const double draw = random.uniform();
      values[i] = draw < up ? 1 : draw < discordant ? -1 : 0;
    }
    const auto interval = mean_interval(values, clusters);
    if (!interval.defined()) continue;
    ++given;
    held += interval.low <= difference && difference <= interval.high;
  }
  return {100.0 * held / given, 100.0 * (trials - given) / trials};
}

using Case = std::tuple<int, bool>;
class CoverageSimulation : public testing::TestWithParam<Case> {};

TEST_P(CoverageSimulation, between_93_and_97_percent_of_95_percent_intervals_cover_the_truth) {
  const auto [groups, geometric] = GetParam();
  for (const double difference : {0.0, 0.08}) {
    const auto coverage = simulate(groups, geometric, difference, 0.4);
    EXPECT_EQ(coverage.missing, 0) << "difference " << difference;
    EXPECT_GE(coverage.share, 93) << "difference " << difference;
    EXPECT_LE(coverage.share, 97) << "difference " << difference;
  }
}

TEST_P(CoverageSimulation, stays_above_93_percent_when_few_items_differ) {
  const auto [groups, geometric] = GetParam();
  for (const double discordant : {0.02, 0.05, 0.1, 0.15})
    for (const double difference : {0.0, 0.08}) {
      if (difference > discordant) continue;
      const auto coverage = simulate(groups, geometric, difference, discordant);
      EXPECT_GE(coverage.share, 93) << discordant << " discordant, difference " << difference;
    }
}

std::string name_of(const testing::TestParamInfo<Case>& test) {
  const auto [groups, geometric] = test.param;
  return std::to_string(groups) + (geometric ? "_geometric" : "_equal");
}

INSTANTIATE_TEST_SUITE_P(groups, CoverageSimulation,
                         testing::Combine(testing::Values(15, 30, 100, 400), testing::Bool()),
                         name_of);

}  // namespace
}  // namespace earshot::statistics
