#include "statistics/random.hpp"

#include <gtest/gtest.h>

namespace earshot::statistics {
namespace {

TEST(Random, equals_the_published_splitmix64_sequence) {
  Random random(1234567);  // the sequence of Vigna's splitmix64.c for this seed
  EXPECT_EQ(random(), 6457827717110365317ULL);
  EXPECT_EQ(random(), 3203168211198807973ULL);
  EXPECT_EQ(random(), 9817491932198370423ULL);
}

TEST(Random, normal_has_mean_0_and_variance_1) {
  Random random(5);
  double sum = 0, squares = 0;
  constexpr int draws = 100000;
  for (int i = 0; i < draws; ++i) {
    const double value = random.normal();
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / draws, 0, 0.015);
  EXPECT_NEAR(squares / draws, 1, 0.02);
}

}  // namespace
}  // namespace earshot::statistics
