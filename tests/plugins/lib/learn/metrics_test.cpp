#include <cmath>

#include <gmock/gmock.h>
#include <lib/learn/metrics.hpp>

#include <earshot/kit/random.hpp>

// Expected values are from scikit-learn 1.x, or computed by hand where the comment says so.

namespace {

using namespace earshot::kit;

TEST(Metrics, of_classes_count_only_those_that_occur) {
  const std::vector<std::int64_t> truth = {0, 0, 0, 1, 1, 2}, predicted = {0, 0, 1, 1, 3, 2};
  const auto counts = confusion(truth, predicted, 5);
  EXPECT_EQ(counts[1], 1);      // a 0 predicted as 1
  EXPECT_EQ(counts[5 + 3], 1);  // a 1 predicted as 3
  EXPECT_DOUBLE_EQ(accuracy(counts, 5), 4.0 / 6);
  EXPECT_DOUBLE_EQ(balanced_accuracy(counts, 5), (2.0 / 3 + 1.0 / 2 + 1) / 3);
  // F1 of 0: 0.8; of 1: 0.5; of 2: 1; of 3, predicted but never true: 0; 4 does not occur.
  EXPECT_DOUBLE_EQ(macro_f1(counts, 5), (0.8 + 0.5 + 1 + 0) / 4);
  EXPECT_TRUE(std::isnan(accuracy(std::vector<std::int64_t>(4), 2)));
  EXPECT_TRUE(std::isnan(balanced_accuracy(std::vector<std::int64_t>(4), 2)));
}

TEST(Metrics, of_rankings_count_ties_half) {
  const std::vector<double> scores = {0.9, 0.8, 0.8, 0.4, 0.3};
  const std::vector<std::uint8_t> positive = {1, 0, 1, 0, 1};
  const auto result = ranking(scores, positive);
  // Pairs won: 0.9 beats both; one 0.8 ties with 0.8 and beats 0.4; 0.3 beats none: 3.5 of 6.
  EXPECT_DOUBLE_EQ(result.auc, 3.5 / 6);
  // Ranks: recall 1/3 at precision 1, 2/3 at 2/3, 1 at 3/5.
  EXPECT_DOUBLE_EQ(result.average_precision, (1 + 2.0 / 3 + 3.0 / 5) / 3);
}

TEST(Metrics, of_rankings_do_not_exist_without_positives_or_negatives) {
  const std::vector<double> scores = {1, 2};
  const std::vector<std::uint8_t> none = {0, 0}, all = {1, 1};
  EXPECT_TRUE(std::isnan(ranking(scores, none).auc));
  EXPECT_TRUE(std::isnan(ranking(scores, none).average_precision));
  EXPECT_TRUE(std::isnan(ranking(scores, all).auc));
  EXPECT_DOUBLE_EQ(ranking(scores, all).average_precision, 1);
  // A class without positives is excluded from the mean: only the first column is left.
  const std::vector<double> both = {2, 5, 1, 5};
  const std::vector<std::uint8_t> hits = {1, 0, 0, 0};
  EXPECT_DOUBLE_EQ(macro_ranking(both, hits, 2).auc, 1);
}

TEST(Metrics, the_area_under_the_curve_equals_counting_pairs) {
  Random random(1);
  std::vector<double> scores;
  std::vector<std::uint8_t> positive;
  for (int i = 0; i < 200; ++i) {
    scores.push_back(static_cast<double>(random.below(20)));
    positive.push_back(random.uniform() < 0.3 ? 1 : 0);
  }
  double won = 0, pairs = 0;
  for (std::size_t i = 0; i < scores.size(); ++i)
    for (std::size_t j = 0; j < scores.size(); ++j)
      if (positive[i] == 1 && positive[j] == 0) {
        ++pairs;
        won += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
      }
  EXPECT_NEAR(ranking(scores, positive).auc, won / pairs, 1e-12);
}

TEST(Metrics, of_numbers) {
  const std::vector<double> truth = {3, -0.5, 2, 7}, predicted = {2.5, 0, 2, 8};
  EXPECT_DOUBLE_EQ(mean_absolute_error(truth, predicted), 0.5);
  EXPECT_NEAR(r_squared(truth, predicted), 0.9486081370449679, 1e-15);
  EXPECT_TRUE(std::isnan(r_squared(std::vector<double>{1, 1}, std::vector<double>{1, 2})));
  EXPECT_DOUBLE_EQ(median({3, 1, 2}), 2);
  EXPECT_DOUBLE_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_TRUE(std::isnan(median({})));
}

}  // namespace
