#include "statistics/rank_correlation.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace earshot::statistics {
namespace {

using Numbers = std::vector<double>;

TEST(RankCorrelation, is_one_for_any_rising_relation_and_minus_one_for_a_falling_one) {
  const Numbers x{1, 2, 3, 4}, rising{0.1, 0.2, 7, 900}, falling{3, 0, -5, -6};
  EXPECT_DOUBLE_EQ(rank_correlation(x, rising).rho, 1);
  EXPECT_DOUBLE_EQ(rank_correlation(x, falling).rho, -1);
  // 2 of the 24 orders are as far from 0.
  EXPECT_DOUBLE_EQ(rank_correlation(x, rising).p_value, 2.0 / 24);
}

// scipy.stats.spearmanr([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]) = 0.8207826816681233
TEST(RankCorrelation, gives_equal_numbers_the_mean_of_their_ranks) {
  const auto found = rank_correlation(Numbers{1, 2, 3, 4, 5}, Numbers{5, 6, 7, 8, 7});
  EXPECT_NEAR(found.rho, 0.8207826816681233, 1e-12);
  EXPECT_EQ(found.pairs, 5);
}

// 1 - 6 * (sum of squared differences of ranks) / (n (n^2 - 1)), with 10 differences of 1.
TEST(RankCorrelation, of_many_pairs_is_tested_by_students_t) {
  const Numbers x{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, y{2, 1, 4, 3, 6, 5, 8, 7, 10, 9};
  const auto found = rank_correlation(x, y);
  const double rho = 1 - 6 * 10.0 / (10 * 99);
  EXPECT_NEAR(found.rho, rho, 1e-12);
  // t = 7.748, 8 degrees of freedom; its density integrated by Simpson's rule.
  EXPECT_NEAR(found.p_value, 5.484053e-5, 1e-10);
}

TEST(RankCorrelation, says_why_it_is_not_defined) {
  EXPECT_EQ(rank_correlation(Numbers{1, 2}, Numbers{1, 2}).missing, "fewer than three pairs");
  const auto constant = rank_correlation(Numbers{1, 2, 3}, Numbers{4, 4, 4});
  EXPECT_EQ(constant.missing, "all numbers of one side are equal");
  EXPECT_TRUE(std::isnan(constant.rho));
  EXPECT_TRUE(std::isnan(constant.p_value));
}

}  // namespace
}  // namespace earshot::statistics
