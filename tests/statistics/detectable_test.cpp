#include "statistics/detectable.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "statistics/paired.hpp"
#include "statistics/random.hpp"

namespace earshot::statistics {
namespace {

TEST(Detectable, follows_the_formula) {
  // sqrt(0.4 / 100) * (t(0.975, 99) + t(0.8, 99))
  EXPECT_NEAR(smallest_detectable_difference({.items = 100, .discordant = 0.4}),
              0.0632456 * (1.984217 + 0.845274), 1e-5);
  // 20 groups of 5: design effect 1 + 4 * 0.25, 19 degrees of freedom
  EXPECT_NEAR(
      smallest_detectable_difference(
          {.items = 100, .groups = {20}, .discordant = 0.4, .intraclass_correlation = 0.25}),
      std::sqrt(0.008) * (2.093024 + 0.860951), 1e-5);
}

TEST(Detectable, follows_paired_runs_if_there_are_any) {
  const PlannedComparison planned{
      .items = 432, .groups = {48}, .seeds = 3, .item_variance = 432 * 0.0125 * 0.0125};
  // t(0.975, 47) + t(0.8, 47) standard errors
  EXPECT_NEAR(smallest_detectable_difference(planned), 0.0125 * (2.011741 + 0.849238), 1e-5);
}

TEST(Detectable, shrinks_with_items_and_grows_with_the_variance_of_seeds) {
  const auto of = [](std::int64_t items, std::int64_t seeds) {
    return smallest_detectable_difference({.items = items, .seeds = seeds, .seed_deviation = 0.02});
  };
  EXPECT_GT(of(100, 1), of(1000, 1));
  EXPECT_GT(of(1000, 3), of(1000, 5));
}

TEST(Detectable, is_missing_if_there_will_be_no_interval) {
  EXPECT_TRUE(std::isnan(smallest_detectable_difference({.items = 9})));
  EXPECT_TRUE(std::isnan(smallest_detectable_difference({.items = 100, .groups = {50, 6}})));
}

TEST(Detectable, is_found_in_80_percent_of_simulated_comparisons) {
  constexpr int trials = 2000, groups = 40, size = 5;
  const PlannedComparison planned{.items = groups * size,
                                  .groups = {groups},
                                  .seeds = 3,
                                  .discordant = 0.3,
                                  .intraclass_correlation = 0.2,
                                  .seed_deviation = 0.02};
  const double difference = smallest_detectable_difference(planned);
  Grouping grouping{.dimensions = {{}}};
  for (int i = 0; i < groups * size; ++i)
    grouping.dimensions[0].push_back(i / size);
  const Clusters clusters(groups * size, grouping);
  Random random(1);
  int found = 0;
  for (int trial = 0; trial < trials; ++trial) {
    std::vector<double> items;
    for (int g = 0; g < groups; ++g) {
      const double shared = std::sqrt(0.3 * 0.2) * random.normal();
      for (int k = 0; k < size; ++k)
        items.push_back(difference + shared + std::sqrt(0.3 * 0.8) * random.normal());
    }
    std::vector<std::vector<double>> rows(3, items);
    for (auto& row : rows) {
      const double seed = 0.02 * random.normal();
      for (auto& value : row)
        value += seed;
    }
    found += paired_mean(rows, clusters).p_value < 0.05;
  }
  EXPECT_NEAR(100.0 * found / trials, 80, 3);
}

}  // namespace
}  // namespace earshot::statistics
