#include "statistics/influence.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include <gmock/gmock.h>

#include "statistics/interval.hpp"
#include "statistics/random.hpp"

namespace earshot::statistics {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::Pointwise;

std::vector<double> noise_of_items(std::size_t items, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> values(items);
  for (auto& value : values)
    value = random.normal();
  return values;
}

std::vector<std::uint64_t> hashes(std::size_t items, std::uint64_t seed = 1) {
  Random random(seed);
  std::vector<std::uint64_t> result(items);
  for (auto& hash : result)
    hash = random();
  return result;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// `metric` over all items, and without each block.
template <class Metric>
Influences leaving_out(const std::vector<double>& values, const std::vector<std::int32_t>& block_of,
                       Metric metric) {
  const auto count = *std::max_element(block_of.begin(), block_of.end()) + 1;
  std::vector<double> without;
  for (std::int32_t block = 0; block < count; ++block) {
    std::vector<double> kept;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (block_of[i] != block) kept.push_back(values[i]);
    without.push_back(metric(kept));
  }
  return influences(metric(values), without, block_of);
}

Grouping groups_of(std::size_t items, std::size_t size) {
  Grouping grouping{.dimensions = {{}}};
  for (std::size_t i = 0; i < items; ++i)
    grouping.dimensions[0].push_back(static_cast<std::int32_t>(i / size));
  return grouping;
}

TEST(Influence, on_a_mean_is_each_item_s_distance_from_it) {
  const auto values = noise_of_items(40, 1);
  const auto found = leaving_out(values, blocks(Clusters(40, {}), hashes(40), 100), mean);
  auto expected = values;
  for (auto& value : expected)
    value -= mean(values);
  EXPECT_TRUE(found.single());
  EXPECT_THAT(found.of_items(), Pointwise(DoubleNear(1e-12), expected));
}

TEST(Influence, of_a_ratio_gives_the_standard_error_that_the_delta_method_gives) {
  const auto values = noise_of_items(2000, 2);
  const auto ratio = [](const std::vector<double>& kept) {
    double above = 0, below = 0;
    for (const double value : kept) {
      above += 2 + value;
      below += 4 + value * value;
    }
    return above / below;
  };
  const auto found = leaving_out(values, blocks(Clusters(2000, {}), hashes(2000), 2000), ratio);
  std::vector<double> expected;
  const double below = 5, here = ratio(values);
  for (const double value : values)
    expected.push_back((2 + value - here * (4 + value * value)) / below);
  const double se = mean_interval(found.of_items(), Grouping{}).standard_error;
  EXPECT_NEAR(se / mean_interval(expected, Grouping{}).standard_error, 1, 0.05);
}

TEST(Influence, is_not_finite_if_the_metric_is_undefined_without_an_item) {
  const std::vector<double> without{0.5, std::nan(""), 0.5};
  EXPECT_FALSE(influences(0.5, without, {0, 1, 2}).finite());
}

TEST(Blocks, are_single_items_if_there_are_few) {
  EXPECT_THAT(blocks(Clusters(4, groups_of(4, 2)), hashes(4), 4), ElementsAre(0, 1, 2, 3));
}

TEST(Blocks, are_within_one_group_each_if_there_are_few_groups) {
  const auto grouping = groups_of(1000, 100);
  const auto found = blocks(Clusters(1000, grouping), hashes(1000), 50);
  std::map<std::int32_t, std::set<std::int32_t>> groups;
  std::map<std::int32_t, int> sizes;
  for (std::size_t i = 0; i < found.size(); ++i) {
    groups[found[i]].insert(grouping.dimensions[0][i]);
    ++sizes[found[i]];
  }
  EXPECT_EQ(groups.size(), 50U);
  for (const auto& [block, members] : groups)
    EXPECT_EQ(members.size(), 1U);
  for (const auto& [block, size] : sizes)
    EXPECT_EQ(size, 20);
}

TEST(Blocks, consist_of_whole_groups_if_there_are_many) {
  const auto grouping = groups_of(3000, 3);
  const auto found = blocks(Clusters(3000, grouping), hashes(3000), 100);
  std::map<std::int32_t, int> sizes;
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i], found[i - i % 3]);
    ++sizes[found[i]];
  }
  EXPECT_EQ(sizes.size(), 100U);
  for (const auto& [block, size] : sizes)
    EXPECT_EQ(size, 30);
}

TEST(Blocks, never_join_groups_that_cross) {
  Grouping grouping{.dimensions = {{}, {}}};
  for (std::int32_t i = 0; i < 900; ++i) {
    grouping.dimensions[0].push_back(i % 30);
    grouping.dimensions[1].push_back(i / 30);
  }
  const auto found = blocks(Clusters(900, grouping), hashes(900), 100);
  EXPECT_EQ(std::set(found.begin(), found.end()).size(), 900U);
}

TEST(Blocks, depend_on_the_ids_only_and_not_on_the_order) {
  const auto before = hashes(1000);
  const auto found = blocks(Clusters(1000, {}), before, 100);
  auto reversed = before;
  std::reverse(reversed.begin(), reversed.end());
  auto turned = blocks(Clusters(1000, {}), reversed, 100);
  std::reverse(turned.begin(), turned.end());
  std::map<std::int32_t, std::int32_t> other;
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_EQ(other.try_emplace(found[i], turned[i]).first->second, turned[i]);
}

TEST(Blocks, move_a_p_value_near_0_05_by_less_than_a_tenth_of_it) {
  constexpr std::size_t items = 2 * static_cast<std::size_t>(enough_blocks);
  auto values = noise_of_items(items, 3);
  const auto alone = mean_interval(values, Grouping{});
  for (auto& value : values)
    value += 1.9605 * alone.standard_error - alone.estimate;
  EXPECT_NEAR(mean_interval(values, Grouping{}).p_value, 0.05, 0.001);
  double sum = 0, squares = 0;
  constexpr int trials = 400;
  for (std::uint64_t trial = 0; trial < trials; ++trial) {
    const auto chosen = blocks(Clusters(items, {}), hashes(items, 100 + trial), enough_blocks);
    const double p = mean_interval(values, Grouping{.dimensions = {chosen}}).p_value;
    sum += p;
    squares += p * p;
  }
  const double spread = std::sqrt(squares / trials - std::pow(sum / trials, 2));
  EXPECT_LT(spread, 0.005);
  EXPECT_GT(spread, 0.002);  // the header's formula gives 0.0034 for two items per block
}

TEST(Packing, keeps_numbers_and_blocks_in_4_bytes_an_item) {
  const auto single =
      leaving_out(noise_of_items(30, 4), blocks(Clusters(30, {}), hashes(30), 100), mean);
  const auto bytes = packed(single);
  EXPECT_EQ(bytes.size(), 12U + 30 * 4);
  const auto again = unpacked(bytes);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->block_of, single.block_of);
  EXPECT_THAT(again->values, Pointwise(DoubleNear(1e-6), single.values));

  const auto joined =
      leaving_out(noise_of_items(300, 5), blocks(Clusters(300, {}), hashes(300), 20), mean);
  const auto more = unpacked(packed(joined));
  ASSERT_TRUE(more.has_value());
  EXPECT_EQ(more->block_of, joined.block_of);
  EXPECT_EQ(packed(joined).size(), 12U + 20 * 4 + 300 * 2);
}

TEST(Packing, refuses_bytes_of_another_kind) {
  EXPECT_FALSE(unpacked("").has_value());
  EXPECT_FALSE(unpacked(std::string(16000, '\1')).has_value());  // the format of older runs
  auto bytes = packed(influences(0.5, std::vector<double>{0.4, 0.6}, {0, 1, 1, 0}));
  EXPECT_TRUE(unpacked(bytes).has_value());
  EXPECT_FALSE(unpacked(bytes.substr(0, bytes.size() - 1)).has_value());
  bytes[bytes.size() - 2] = 9;  // a block that does not exist
  EXPECT_FALSE(unpacked(bytes).has_value());
}

}  // namespace
}  // namespace earshot::statistics
