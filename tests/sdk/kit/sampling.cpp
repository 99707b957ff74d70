#include <algorithm>
#include <map>
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

TEST(Linked, takes_the_finest_dimension_if_crossed_ones_join_everything) {
  Groups groups;
  for (int room = 0; room < 4; ++room)
    for (int clip = 0; clip < 6; ++clip)
      groups.push_back({{"room", std::to_string(room)}, {"clip", std::to_string(clip)}});
  const auto numbers = linked(groups);
  EXPECT_EQ(std::set<std::int64_t>(numbers.begin(), numbers.end()).size(), 6U);
  EXPECT_EQ(numbers[1], numbers[7]);
}

/// 120 items in 30 groups of 4, the first of which is of class 1.
struct Grouped {
  Grouped() {
    for (std::int64_t i = 0; i < 120; ++i) {
      strata.push_back(i % 4 == 0 ? 1 : 0);
      groups.push_back(i / 4);
    }
  }
  Numbers draw(std::int64_t count, std::uint64_t seed = 3) const {
    Random random(seed);
    return subsample(strata, groups, count, random);
  }
  std::int64_t of_class_one(const Numbers& taken) const {
    return std::count_if(taken.begin(), taken.end(),
                         [&](auto i) { return strata[static_cast<std::size_t>(i)] == 1; });
  }
  Numbers strata, groups;
};

TEST(Subsample, takes_equally_many_of_each_class_until_one_is_exhausted) {
  const Grouped items;
  EXPECT_EQ(items.of_class_one(items.draw(20)), 10);
  EXPECT_NEAR(static_cast<double>(items.of_class_one(items.draw(21))), 10.5, 0.5);
  EXPECT_EQ(items.of_class_one(items.draw(100)), 30);
}

TEST(Subsample, of_a_smaller_number_is_part_of_a_larger_one) {
  const Grouped items;
  auto larger = items.draw(0);
  EXPECT_EQ(larger.size(), 120U);
  EXPECT_EQ(larger, items.draw(120));
  for (std::int64_t count = 119; count > 0; --count) {
    const auto taken = items.draw(count);
    ASSERT_EQ(std::ssize(taken), count);
    ASSERT_TRUE(std::is_sorted(taken.begin(), taken.end()));
    ASSERT_TRUE(std::includes(larger.begin(), larger.end(), taken.begin(), taken.end()));
    larger = taken;
  }
  EXPECT_EQ(items.draw(30), items.draw(30));
  EXPECT_NE(items.draw(30), items.draw(30, 4));
}

TEST(Subsample, cuts_at_most_the_last_group_of_each_class) {
  const Grouped items;
  for (const std::int64_t count : {7, 20, 50, 90}) {
    std::map<std::int64_t, std::int64_t> zeros;  // items of class 0 in each group that is touched
    for (const auto i : items.draw(count))
      if (i % 4 != 0) ++zeros[i / 4];
    EXPECT_LE(std::count_if(zeros.begin(), zeros.end(), [](auto g) { return g.second < 3; }), 1);
  }
}

TEST(Subsample, says_how_many_items_there_are_when_asked_for_more) {
  try {
    Grouped().draw(121);
    FAIL();
  } catch (const earshot::ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "n_train is 121; allowed: at most the 120 training items, or 0 for all");
  }
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
