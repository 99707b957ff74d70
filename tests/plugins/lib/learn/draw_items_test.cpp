#include <map>

#include <gmock/gmock.h>
#include <lib/learn/draw_items.hpp>

namespace {

using earshot::kit::draw_items;
using ::testing::ElementsAre;

TEST(DrawItems, takes_as_many_as_are_wanted_each_equally_often) {
  std::map<std::int64_t, int> times;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const auto drawn = draw_items({10, 20, 30, 40}, 2, seed);
    ASSERT_EQ(drawn.size(), 2u);
    EXPECT_LT(drawn[0], drawn[1]);
    for (const auto item : drawn)
      ++times[item];
  }
  ASSERT_EQ(times.size(), 4u);
  for (const auto& [item, count] : times)
    EXPECT_NEAR(count, 200, 50) << item;  // the deviation is 10
}

TEST(DrawItems, gives_all_if_all_or_more_are_wanted_or_no_number) {
  for (const std::int64_t count : {0, 3, 99})
    EXPECT_THAT(draw_items({7, 5, 6}, count, 1), ElementsAre(7, 5, 6)) << count;
}

}  // namespace
