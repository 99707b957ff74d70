#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <lib/learn/batch_order.hpp>

namespace {

using earshot::kit::BatchOrder;

std::vector<std::int64_t> items(std::int64_t count) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 100);
  return all;
}

std::int64_t length(std::int64_t item) {
  return item * 7919 % 101;
}

TEST(BatchOrder, has_every_item_once_in_an_epoch_except_the_remainder) {
  BatchOrder order(items(50), {}, {.batch = 8, .window = 4, .seed = 1}, length);
  ASSERT_EQ(order.batches_per_epoch(), 6);
  for (int epoch = 0; epoch < 2; ++epoch) {
    std::set<std::int64_t> seen;
    for (int b = 0; b < 6; ++b)
      for (const auto item : order.batch(epoch * 6 + b))
        seen.insert(item);
    EXPECT_EQ(seen.size(), 48u);
  }
}

TEST(BatchOrder, gives_a_batch_by_its_number_whatever_came_before) {
  BatchOrder one(items(50), {}, {.batch = 8, .window = 4, .seed = 1}, length);
  std::vector<std::vector<std::int64_t>> all;
  for (int b = 0; b < 20; ++b)
    all.push_back(one.batch(b));
  BatchOrder other(items(50), {}, {.batch = 8, .window = 4, .seed = 1}, length);
  for (const int b : {13, 2, 19, 0})
    EXPECT_EQ(other.batch(b), all[static_cast<std::size_t>(b)]);
  EXPECT_NE(all[0], all[6]);  // another epoch
  BatchOrder seeded(items(50), {}, {.batch = 8, .window = 4, .seed = 2}, length);
  EXPECT_NE(seeded.batch(0), all[0]);
}

TEST(BatchOrder, groups_items_of_similar_length) {
  const auto spread = [](std::int64_t window) {
    BatchOrder order(items(512), {}, {.batch = 8, .window = window, .seed = 1}, length);
    std::int64_t sum = 0;
    for (int b = 0; b < 64; ++b) {
      std::vector<std::int64_t> lengths;
      for (const auto item : order.batch(b))
        lengths.push_back(length(item));
      const auto [low, high] = std::minmax_element(lengths.begin(), lengths.end());
      sum += *high - *low;
    }
    return sum / 64;
  };
  EXPECT_GT(spread(1), 60);
  EXPECT_LT(spread(32), 10);
}

TEST(BatchOrder, draws_each_stratum_equally_often) {
  std::vector<std::int64_t> strata;
  for (int i = 0; i < 90; ++i)
    strata.push_back(i < 80 ? 0 : i < 88 ? 1 : 2);
  BatchOrder order(items(90), strata, {.batch = 9, .window = 2, .seed = 1}, length);
  std::map<std::int64_t, int> counts;
  for (int b = 0; b < 10; ++b)
    for (const auto item : order.batch(b))
      ++counts[item < 180 ? 0 : item < 188 ? 1 : 2];
  EXPECT_THAT(counts, ::testing::ElementsAre(::testing::Pair(0, 30), ::testing::Pair(1, 30),
                                             ::testing::Pair(2, 30)));
}

TEST(BatchOrder, of_fewer_items_than_a_batch_has_all_of_them_in_each) {
  BatchOrder order(items(5), {}, {.batch = 8, .window = 4, .seed = 1}, length);
  EXPECT_EQ(order.batch(7).size(), 5u);
}

}  // namespace
