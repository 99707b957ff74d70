#include "statistics/interval.hpp"

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace earshot::statistics {
namespace {

std::vector<double> one_to(int n) {
  std::vector<double> values(static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), 1);
  return values;
}

TEST(Interval, of_independent_items_is_students) {
  const auto interval = mean_interval(one_to(12), Grouping{});
  ASSERT_TRUE(interval.defined());
  EXPECT_NEAR(interval.estimate, 6.5, 1e-12);
  EXPECT_NEAR(interval.standard_error, std::sqrt(13.0 / 12), 1e-12);
  EXPECT_NEAR(interval.degrees_of_freedom, 11, 1e-9);
  EXPECT_NEAR(interval.high - 6.5, 2.2009852 * std::sqrt(13.0 / 12), 1e-6);  // t(0.975, 11)
  EXPECT_NEAR(interval.low + interval.high, 13, 1e-12);
}

TEST(Interval, of_groups_that_repeat_a_value_is_that_of_the_values_once) {
  std::vector<double> repeated;
  Grouping grouping{.dimensions = {{}}};
  for (int g = 0; g < 12; ++g)
    for (int k = 0; k < 4; ++k) {
      repeated.push_back(g + 1);
      grouping.dimensions[0].push_back(g);
    }
  const auto once = mean_interval(one_to(12), Grouping{});
  const auto interval = mean_interval(repeated, grouping);
  EXPECT_NEAR(interval.low, once.low, 1e-12);
  EXPECT_NEAR(interval.p_value, once.p_value, 1e-12);
}

TEST(Interval, excludes_0_exactly_if_p_is_below_5_percent) {
  const auto at = [](double shift) {
    auto values = one_to(12);
    for (auto& value : values)
      value -= shift;
    return mean_interval(values, Grouping{});
  };
  const double edge = at(0).low;
  EXPECT_LT(at(edge - 1e-6).p_value, 0.05);
  EXPECT_GT(at(edge + 1e-6).p_value, 0.05);
  EXPECT_NEAR(at(edge).p_value, 0.05, 1e-12);
}

TEST(Interval, needs_10_groups) {
  Grouping grouping{.dimensions = {{}}};
  for (int i = 0; i < 70; ++i)
    grouping.dimensions[0].push_back(i % 7);
  const auto interval = mean_interval(one_to(70), grouping);
  EXPECT_FALSE(interval.defined());
  EXPECT_EQ(interval.missing, "7 groups; at least 10 are needed");
  EXPECT_EQ(interval.estimate, 35.5);
  EXPECT_TRUE(std::isnan(interval.low));
  EXPECT_EQ(interval.p_value, 1);
  EXPECT_FALSE(mean_interval(one_to(9), Grouping{}).defined());
  EXPECT_TRUE(mean_interval(one_to(10), Grouping{}).defined());
}

TEST(Interval, is_missing_with_its_reason_if_nothing_can_be_estimated) {
  EXPECT_EQ(mean_interval(std::vector<double>{}, Grouping{}).missing, "no items");
  EXPECT_EQ(mean_interval(std::vector<double>(20, 0.25), Grouping{}).missing,
            "all groups have the same mean");
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    auto values = one_to(20);
    values[4] = bad;
    EXPECT_EQ(mean_interval(values, Grouping{}).missing, "a value is not finite");
  }
}

TEST(Interval, holds_for_values_of_any_scale) {
  for (const double scale : {1e-150, 1e-9, 1e9}) {
    auto values = one_to(12);
    for (auto& value : values)
      value *= scale;
    EXPECT_NEAR(mean_interval(values, Grouping{}).high / scale, 6.5 + 2.290856, 1e-5);
  }
}

}  // namespace
}  // namespace earshot::statistics
