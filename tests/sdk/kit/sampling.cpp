#include <algorithm>
#include <numeric>
#include <set>

#include <gmock/gmock.h>

#include <earshot/kit/sampling.hpp>

namespace {

using namespace earshot::kit;
using testing::ElementsAre;
using Numbers = std::vector<std::int64_t>;
using Groups = std::vector<std::map<std::string, std::string>>;

TEST(Linked, joins_items_that_share_a_group_directly_or_through_others) {
  const Groups groups = {{{"clip", "a"}},
                         {{"clip", "b"}, {"room", "x"}},
                         {{"clip", "a"}},
                         {},
                         {{"clip", "c"}, {"room", "x"}},
                         {{"clip", "d"}},
                         {{"room", "a"}}};
  const auto numbers = linked(groups);
  EXPECT_EQ(numbers[0], numbers[2]);
  EXPECT_EQ(numbers[1], numbers[4]);
  EXPECT_EQ(std::set<std::int64_t>(numbers.begin(), numbers.end()).size(), 5U);
}

TEST(Linked, takes_the_finest_dimension_where_crossed_ones_join_everything) {
  Groups groups;
  for (int room = 0; room < 4; ++room)
    for (int clip = 0; clip < 6; ++clip)
      groups.push_back({{"room", std::to_string(room)}, {"clip", std::to_string(clip)}});
  const auto numbers = linked(groups);
  EXPECT_EQ(std::set<std::int64_t>(numbers.begin(), numbers.end()).size(), 6U);
  EXPECT_EQ(numbers[1], numbers[7]);
}

TEST(Subsample, keeps_the_share_of_each_stratum_and_groups_together) {
  Numbers strata, groups;
  for (std::int64_t i = 0; i < 120; ++i) {
    strata.push_back(i % 4 == 0 ? 1 : 0);
    groups.push_back(i / 4);
  }
  Random random(3);
  const auto taken = subsample(strata, groups, 40, random);
  ASSERT_EQ(taken.size(), 40U);
  EXPECT_TRUE(std::is_sorted(taken.begin(), taken.end()));
  EXPECT_EQ(std::set<std::int64_t>(taken.begin(), taken.end()).size(), 40U);
  EXPECT_EQ(std::count_if(taken.begin(), taken.end(), [](auto i) { return i % 4 == 0; }), 10);
  std::set<std::int64_t> touched;
  for (const auto i : taken)
    touched.insert(groups[static_cast<std::size_t>(i)]);
  EXPECT_EQ(touched.size(), 10U);
}

TEST(Subsample, rounds_by_the_largest_remainder) {
  const Numbers strata = {0, 0, 0, 0, 0, 1, 1, 1, 2, 2}, groups = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  Random random(1);
  Numbers counts(3);
  for (const auto i : subsample(strata, groups, 5, random))
    ++counts[static_cast<std::size_t>(strata[static_cast<std::size_t>(i)])];
  EXPECT_EQ(counts[0] + counts[1] + counts[2], 5);
  EXPECT_EQ(counts[2], 1);
}

TEST(HoldOut, shares_no_group_and_leaves_something_on_both_sides) {
  Numbers strata, groups;
  for (std::int64_t i = 0; i < 100; ++i) {
    strata.push_back(i % 2);
    groups.push_back(i / 5);
  }
  Random random(4);
  const auto parts = hold_out(strata, groups, 0.25, random);
  EXPECT_NEAR(static_cast<double>(parts.held_out.size()), 25, 5);
  EXPECT_EQ(parts.held_out.size() + parts.rest.size(), 100U);
  for (const auto i : parts.held_out)
    for (const auto j : parts.rest)
      EXPECT_NE(groups[static_cast<std::size_t>(i)], groups[static_cast<std::size_t>(j)]);
  const auto two = hold_out({0, 0}, {0, 1}, 0.01, random);
  EXPECT_EQ(two.held_out.size(), 1U);
  EXPECT_EQ(two.rest.size(), 1U);
}

TEST(DrawSplits, gives_each_split_its_share) {
  Numbers strata(200), groups(200);
  std::iota(groups.begin(), groups.end(), 0);
  const auto splits = draw_splits(strata, groups, 0.1, 0.2, 0);
  EXPECT_EQ(std::count(splits.begin(), splits.end(), earshot::Split::test), 40);
  EXPECT_EQ(std::count(splits.begin(), splits.end(), earshot::Split::validation), 20);
  EXPECT_EQ(splits, draw_splits(strata, groups, 0.1, 0.2, 0));
  EXPECT_NE(splits, draw_splits(strata, groups, 0.1, 0.2, 1));
}

}  // namespace
