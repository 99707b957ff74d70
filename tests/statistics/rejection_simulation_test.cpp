#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "simulated_groups.hpp"
#include "statistics/paired.hpp"
#include "statistics/random.hpp"

namespace earshot::statistics {
namespace {

/// Effects on a latent scale on which single items spread over -1 to 1; all are symmetric about 0,
/// so that the null hypothesis holds.
struct Effects {
  std::vector<double> groups{};  ///< of each dimension, uniform in -x to x
  double seed = 0;               ///< standard deviation of the effect common to all items of a seed
  double item_and_seed = 0;      ///< of an item in a seed, uniform in -x to x
};

/// Percentage of trials in which paired_difference finds a difference that does not exist.
double rejections(const Grouping& grouping, int seeds, const Effects& effects) {
  const std::size_t items = grouping.dimensions[0].size();
  const Clusters clusters(static_cast<std::int64_t>(items), grouping);
  Random random(items + static_cast<std::size_t>(seeds));
  std::vector<std::vector<double>> rows(static_cast<std::size_t>(seeds),
                                        std::vector<double>(items));
  std::vector<double> fixed(items), group_effects(items);
  int rejected = 0;
  for (int trial = 0; trial < trials; ++trial) {
    for (auto& value : fixed)
      value = random.uniform(-1, 1);
    for (std::size_t d = 0; d < grouping.dimensions.size(); ++d) {
      for (auto& effect : group_effects)
        effect = random.uniform(-effects.groups[d], effects.groups[d]);
      for (std::size_t i = 0; i < items; ++i)
        fixed[i] += group_effects[static_cast<std::size_t>(grouping.dimensions[d][i])];
    }
    for (auto& row : rows) {
      const double shared = seeds > 1 ? effects.seed * random.normal() : 0;
      for (std::size_t i = 0; i < items; ++i)
        row[i] = discordance(fixed[i] + shared +
                             random.uniform(-effects.item_and_seed, effects.item_and_seed));
    }
    rejected += paired_mean(rows, clusters).p_value < 0.05;
  }
  return 100.0 * rejected / trials;
}

struct ClipCase {
  int clips;
  bool geometric;
  double items_per_clip;
};
class ClipSimulation : public testing::TestWithParam<ClipCase> {};

TEST_P(ClipSimulation, a_true_null_is_rejected_in_2_to_7_percent) {
  const auto& [clips, geometric, items_per_clip] = GetParam();
  const auto grouping = simulated_groups(clips, geometric, items_per_clip);
  for (const int seeds : {1, 3, 5})
    for (const double seed_effect : {0.0, 0.15}) {
      if (seeds == 1 && seed_effect > 0) continue;
      const double share =
          rejections(grouping, seeds, {.groups = {0.5}, .seed = seed_effect, .item_and_seed = 0.5});
      EXPECT_GE(share, 2) << seeds << " seeds of effect " << seed_effect;
      EXPECT_LE(share, 7) << seeds << " seeds of effect " << seed_effect;
    }
}

std::string name_of_clips(const testing::TestParamInfo<ClipCase>& test) {
  return std::to_string(test.param.clips) + (test.param.geometric ? "_geometric_" : "_equal_") +
         std::to_string(static_cast<int>(test.param.items_per_clip));
}

INSTANTIATE_TEST_SUITE_P(clips, ClipSimulation,
                         testing::Values(ClipCase{15, false, 1}, ClipCase{15, false, 10},
                                         ClipCase{15, true, 3}, ClipCase{30, false, 1},
                                         ClipCase{30, false, 3}, ClipCase{30, false, 10},
                                         ClipCase{30, true, 3}, ClipCase{100, false, 1},
                                         ClipCase{100, true, 3}, ClipCase{100, false, 10},
                                         ClipCase{400, false, 1}, ClipCase{400, true, 3}),
                         name_of_clips);

Grouping crossed(int rooms, int sources) {
  Grouping grouping{.dimensions = {{}, {}}};
  Random random(static_cast<std::uint64_t>(rooms));
  for (int i = 0; i < rooms * sources; ++i) {
    grouping.dimensions[0].push_back(static_cast<std::int32_t>(random.below(rooms)));
    grouping.dimensions[1].push_back(static_cast<std::int32_t>(random.below(sources)));
  }
  return grouping;
}

class CrossedSimulation : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(CrossedSimulation, a_true_null_is_rejected_in_2_to_7_percent) {
  const auto [rooms, sources] = GetParam();
  const auto grouping = crossed(rooms, sources);
  for (const int seeds : {1, 3})
    for (const auto& [room, source] : {std::pair{0.4, 0.4}, {1.0, 0.2}, {0.0, 0.5}}) {
      const double share = rejections(
          grouping, seeds, {.groups = {room, source}, .seed = 0.1, .item_and_seed = 0.5});
      EXPECT_GE(share, 2) << seeds << " seeds, rooms " << room << ", sources " << source;
      EXPECT_LE(share, 7) << seeds << " seeds, rooms " << room << ", sources " << source;
    }
}

TEST_P(CrossedSimulation, groups_without_effect_make_it_conservative_never_liberal) {
  const auto [rooms, sources] = GetParam();
  const double share = rejections(crossed(rooms, sources), 1, {.groups = {0, 0}});
  EXPECT_GE(share, 1);
  EXPECT_LE(share, 5);
}

std::string name_of_rooms(const testing::TestParamInfo<std::pair<int, int>>& test) {
  return std::to_string(test.param.first) + "_" + std::to_string(test.param.second);
}

INSTANTIATE_TEST_SUITE_P(rooms_and_sources, CrossedSimulation,
                         testing::Values(std::pair{15, 30}, std::pair{30, 30}, std::pair{40, 40}),
                         name_of_rooms);

}  // namespace
}  // namespace earshot::statistics
