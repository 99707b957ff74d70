#include "statistics/clusters.hpp"

#include <cmath>
#include <map>
#include <numeric>
#include <stdexcept>
#include <utility>

#include <gmock/gmock.h>

#include "statistics/interval.hpp"
#include "statistics/random.hpp"

namespace earshot::statistics {
namespace {

using testing::ElementsAre;

std::vector<double> noise(std::size_t items, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> values(items);
  for (auto& value : values)
    value = random.normal();
  return values;
}

std::vector<std::int32_t> labels(std::size_t items, std::int64_t groups, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::int32_t> result(items);
  for (auto& label : result)
    label = static_cast<std::int32_t>(random.below(groups));
  return result;
}

/// The definition: recomputes the mean without each group.
template <class Label>
double jackknife_by_hand(const std::vector<double>& values, const std::vector<Label>& groups) {
  const double mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  std::map<Label, double> without;
  for (const auto& group : groups)
    without[group] = 0;
  double squares = 0;
  for (const auto& [left_out, unused] : without) {
    double sum = 0, count = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (groups[i] != left_out) {
        sum += values[i];
        ++count;
      }
    squares += std::pow(sum / count - mean, 2);
  }
  const auto number = static_cast<double>(without.size());
  return squares * (number - 1) / number;
}

TEST(Clusters, one_dimension_gives_the_variance_of_leaving_each_group_out) {
  const auto values = noise(200, 1);
  const auto groups = labels(200, 17, 2);
  const auto estimate = mean_variance(values, Clusters(200, {{groups}}));
  EXPECT_NEAR(estimate.variance, jackknife_by_hand(values, groups), 1e-14);
}

TEST(Clusters, two_crossed_dimensions_add_up_minus_what_they_share) {
  auto values = noise(400, 3);
  const auto rooms = labels(400, 20, 4), sources = labels(400, 25, 5);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] += rooms[i] % 3 + sources[i] % 4;
  std::vector<std::pair<int, int>> both;
  for (std::size_t i = 0; i < values.size(); ++i)
    both.emplace_back(rooms[i], sources[i]);
  const auto estimate = mean_variance(values, Clusters(400, {{rooms, sources}}));
  EXPECT_NEAR(estimate.variance,
              jackknife_by_hand(values, rooms) + jackknife_by_hand(values, sources) -
                  jackknife_by_hand(values, both),
              1e-14);
}

TEST(Clusters, three_crossed_dimensions_alternate_in_sign) {
  const Clusters clusters(300, {{labels(300, 10, 6), labels(300, 11, 7), labels(300, 12, 8)}});
  std::vector<int> signs;
  for (const auto& partition : clusters.partitions())
    signs.push_back(partition.sign);
  EXPECT_THAT(signs, ElementsAre(1, 1, 1, -1, -1, -1, 1));
  EXPECT_EQ(clusters.dimensions().size(), 3U);
  EXPECT_EQ(clusters.fewest(), 10);
}

TEST(Clusters, the_variance_is_never_below_that_of_one_dimension_alone) {
  for (std::uint64_t seed = 10; seed < 40; ++seed) {
    const auto values = noise(120, seed);
    const auto a = labels(120, 10, seed + 100), b = labels(120, 12, seed + 200);
    const double both = mean_variance(values, Clusters(120, {{a, b}})).variance;
    EXPECT_GE(both * (1 + 1e-12), jackknife_by_hand(values, a));
    EXPECT_GE(both * (1 + 1e-12), jackknife_by_hand(values, b));
  }
}

TEST(Clusters, a_dimension_within_a_wider_one_is_dropped) {
  std::vector<std::int32_t> clips(240), rooms(240);
  for (std::size_t i = 0; i < clips.size(); ++i) {
    clips[i] = static_cast<std::int32_t>(i / 3);
    rooms[i] = clips[i] / 5;
  }
  const auto values = noise(240, 9);
  const Clusters both(240, {{clips, rooms}});
  EXPECT_EQ(both.partitions().size(), 1U);
  EXPECT_EQ(both.fewest(), 16);
  EXPECT_EQ(mean_variance(values, both).variance,
            mean_variance(values, Clusters(240, {{rooms}})).variance);
}

TEST(Clusters, numbers_with_gaps_and_in_any_order_mean_the_same_groups) {
  const auto values = noise(60, 11);
  const auto groups = labels(60, 12, 12);
  std::vector<std::int32_t> renamed;
  for (const auto group : groups)
    renamed.push_back(1000 - 7 * group);
  EXPECT_EQ(mean_variance(values, Clusters(60, {{groups}})).variance,
            mean_variance(values, Clusters(60, {{renamed}})).variance);
}

TEST(Clusters, equal_groups_have_one_degree_of_freedom_less_than_groups) {
  std::vector<std::int32_t> equal(200);
  std::vector<double> steps(200);
  for (std::size_t i = 0; i < equal.size(); ++i) {
    equal[i] = static_cast<std::int32_t>(i / 10);
    steps[i] = equal[i] % 2 == 0 ? 1 : -1;  // no group differs from the others
  }
  EXPECT_NEAR(mean_variance(steps, Clusters(200, {{equal}})).degrees_of_freedom, 19, 1e-9);
}

TEST(Clusters, groups_of_unequal_size_have_fewer_degrees_of_freedom) {
  std::vector<std::int32_t> groups;
  for (std::int32_t g = 0; g < 20; ++g)
    groups.insert(groups.end(), g == 0 ? 200U : 10U, g);
  const auto items = static_cast<std::int64_t>(groups.size());
  EXPECT_LT(mean_variance(noise(groups.size(), 13), Clusters(items, {{groups}})).degrees_of_freedom,
            6);
}

/// Four speakers who differ, 15 items each.
struct Speakers {
  std::vector<double> values = noise(60, 14);
  std::vector<std::int32_t> speakers{};
  Speakers() {
    for (std::size_t i = 0; i < values.size(); ++i) {
      speakers.push_back(static_cast<std::int32_t>(i % 4));
      values[i] += 3 * speakers[i];
    }
  }
};

TEST(ConditionalClusters, give_the_variance_of_a_stratified_mean) {
  const Speakers given;
  double expected = 0;
  for (int speaker = 0; speaker < 4; ++speaker) {
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < 60; ++i)
      if (given.speakers[i] == speaker) {
        sum += given.values[i];
        squares += given.values[i] * given.values[i];
      }
    expected += (squares - sum * sum / 15) / 14 / 15 / 16;
  }
  const Clusters clusters(60, {{given.speakers}}, {{given.speakers}});
  EXPECT_TRUE(clusters.conditional());
  const auto found = mean_variance(given.values, clusters);
  EXPECT_NEAR(found.variance, expected, 1e-12);
  EXPECT_LE(found.degrees_of_freedom, 56 + 1e-9);
  EXPECT_GT(found.degrees_of_freedom, 20);
  EXPECT_EQ(clusters.fewest(), 57);
}

TEST(ConditionalClusters, ignore_differences_between_the_given_groups) {
  Speakers given;
  const Clusters clusters(60, {{given.speakers}}, {{given.speakers}});
  const double before = mean_variance(given.values, clusters).variance;
  for (std::size_t i = 0; i < 60; ++i)
    given.values[i] += 100 * given.speakers[i];
  EXPECT_NEAR(mean_variance(given.values, clusters).variance, before, 1e-9);
}

TEST(ConditionalClusters, see_no_variance_in_rounding_residues) {
  Speakers given;
  for (std::size_t i = 0; i < 60; ++i)
    given.values[i] = 0.1 + 0.7 * given.speakers[i];
  const Clusters clusters(60, {{given.speakers}}, {{given.speakers}});
  EXPECT_EQ(mean_interval(given.values, clusters).missing, "all groups have the same mean");
}

TEST(ConditionalClusters, keep_dimensions_within_the_given_groups_and_drop_wider_ones) {
  std::vector<std::int32_t> sites, speakers, clips;
  for (std::int32_t i = 0; i < 240; ++i) {
    clips.push_back(i / 3);
    speakers.push_back(i / 60);
    sites.push_back(i / 120);
  }
  const Clusters clusters(240, {{clips, sites, speakers}}, {{speakers}});
  ASSERT_EQ(clusters.dimensions().size(), 1U);
  EXPECT_EQ(clusters.dimensions().front().groups(), 80);
  EXPECT_EQ(clusters.fewest(), 77);
}

TEST(ConditionalClusters, groups_in_every_stratum_lose_no_degrees) {
  std::vector<std::int32_t> speakers, sentences;
  for (std::int32_t i = 0; i < 80; ++i) {
    speakers.push_back(i % 4);
    sentences.push_back(i / 4);
  }
  const auto values = noise(80, 15);
  const Clusters given(80, {{sentences, speakers}}, {{speakers}}), alone(80, {{sentences}});
  EXPECT_EQ(given.fewest(), 20);
  EXPECT_EQ(given.taken(), 0);
  EXPECT_NEAR(mean_variance(values, given).variance, mean_variance(values, alone).variance, 1e-12);
}

TEST(Clusters, few_differing_items_have_few_degrees_of_freedom) {
  std::vector<double> values(100, 0.0);
  values[3] = values[50] = 1;
  values[70] = -1;
  // Fourth powers: 1 / (1/3 - 1/100) twice, apart from the small mean.
  EXPECT_NEAR(mean_variance(values, Clusters(100, {})).degrees_of_freedom, 6.2, 0.1);
}

TEST(Grouping, numbers_names_and_keeps_items_without_a_group_independent) {
  const std::map<std::string, std::string> a{{"room", "hall"}, {"clip", "1"}}, b{{"room", "hall"}},
      c{{"clip", "1"}}, d{};
  const auto grouping = grouping_of({&a, &b, &c, &d});
  ASSERT_EQ(grouping.dimensions.size(), 2U);
  EXPECT_THAT(grouping.dimensions[0], ElementsAre(0, 1, 0, 2));  // clip
  EXPECT_THAT(grouping.dimensions[1], ElementsAre(0, 0, 1, 2));  // room
  EXPECT_TRUE(grouping_of({&d, &d}).dimensions.empty());
}

TEST(Clusters, refuses_a_dimension_of_another_length) {
  EXPECT_THROW(Clusters(5, {{{0, 1, 2}}}), std::invalid_argument);
}

}  // namespace
}  // namespace earshot::statistics
