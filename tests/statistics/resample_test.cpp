#include "statistics/resample.hpp"

#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "statistics/interval.hpp"
#include "statistics/random.hpp"

namespace earshot::statistics {
namespace {

Grouping crossed(int items, int rooms, int sources) {
  Grouping grouping{.dimensions = {{}, {}}};
  Random random(3);
  for (int i = 0; i < items; ++i) {
    grouping.dimensions[0].push_back(static_cast<std::int32_t>(random.below(rooms)));
    grouping.dimensions[1].push_back(static_cast<std::int32_t>(random.below(sources)));
  }
  return grouping;
}

std::vector<double> means(const std::vector<double>& values,
                          const std::vector<std::vector<std::int32_t>>& draws) {
  std::vector<double> result;
  for (const auto& draw : draws) {
    double sum = 0;
    for (const auto item : draw)
      sum += values[static_cast<std::size_t>(item)];
    result.push_back(sum / static_cast<double>(draw.size()));
  }
  return result;
}

TEST(Resample, equal_seeds_give_equal_draws) {
  EXPECT_EQ(cluster_resamples(30, {}, 20, 7), cluster_resamples(30, {}, 20, 7));
  EXPECT_NE(cluster_resamples(30, {}, 20, 7), cluster_resamples(30, {}, 20, 8));
}

TEST(Resample, draws_whole_groups) {
  Grouping grouping{.dimensions = {{}}};
  for (int i = 0; i < 60; ++i)
    grouping.dimensions[0].push_back(i % 12);
  for (const auto& draw : cluster_resamples(60, grouping, 50, 1)) {
    EXPECT_EQ(draw.size(), 60U);
    std::map<std::int32_t, std::map<std::int32_t, int>> drawn;
    for (const auto item : draw)
      ++drawn[item % 12][item];
    for (const auto& [group, items] : drawn) {
      EXPECT_EQ(items.size(), 5U);
      for (const auto& [item, times] : items)
        EXPECT_EQ(times, items.begin()->second);
    }
  }
}

TEST(Resample, crossed_groups_take_turns) {
  const auto grouping = crossed(200, 12, 15);
  const Clusters clusters(200, grouping);
  ASSERT_EQ(clusters.partitions().size(), 3U);
  const auto draws = cluster_resamples(200, grouping, 9, 1);
  for (std::size_t r = 0; r < draws.size(); ++r) {
    const auto& partition = clusters.partitions()[r % 3];
    std::map<std::int32_t, double> items;
    for (const auto item : draws[r])
      items[partition.group_of[static_cast<std::size_t>(item)]] += 1;
    for (const auto& [group, count] : items)
      EXPECT_EQ(std::fmod(count, partition.sizes[static_cast<std::size_t>(group)]), 0);
  }
}

TEST(Resample, interval_of_a_mean_agrees_with_the_jackknife) {
  const auto grouping = crossed(900, 30, 30);
  const Clusters clusters(900, grouping);
  Random random(4);
  std::vector<double> values(900), rooms(30);
  for (auto& room : rooms)
    room = random.normal();
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = random.normal() + rooms[static_cast<std::size_t>(grouping.dimensions[0][i])];
  const auto expected = mean_interval(values, grouping);
  const auto replicates = means(values, cluster_resamples(900, grouping, 6000, 1));
  const auto interval = replicate_interval(expected.estimate, replicates, clusters, clusters);
  ASSERT_TRUE(interval.defined());
  EXPECT_NEAR(interval.standard_error / expected.standard_error, 1, 0.05);
}

TEST(Resample, replicates_that_are_not_finite_are_left_out) {
  Random random(5);
  const Clusters clusters(20, {});
  std::vector<double> replicates;
  for (int r = 0; r < 200; ++r)
    replicates.push_back(random.normal());
  const auto clean = replicate_interval(0.1, replicates, clusters, clusters);
  replicates.insert(replicates.begin() + 7, std::nan(""));
  EXPECT_EQ(replicate_interval(0.1, replicates, clusters, clusters).low, clean.low);
}

TEST(Resample, says_why_there_is_no_interval) {
  const Clusters twenty(20, {}), five(5, {});
  const std::vector<double> equal(200, 0.5), few(30, 0.5), none;
  EXPECT_EQ(replicate_interval(0.5, equal, twenty, five).missing,
            "5 groups; at least 10 are needed");
  EXPECT_FALSE(replicate_interval(0.5, equal, twenty, twenty).defined());
  EXPECT_FALSE(replicate_interval(0.5, few, twenty, twenty).defined());
  EXPECT_FALSE(replicate_interval(0.5, none, twenty, twenty).defined());
  EXPECT_FALSE(replicate_interval(std::nan(""), equal, twenty, twenty).defined());
}

}  // namespace
}  // namespace earshot::statistics
