#include "statistics/paired.hpp"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "statistics/interval.hpp"
#include "statistics/random.hpp"

namespace earshot::statistics {
namespace {

using Rows = std::vector<std::vector<double>>;

Rows noise_rows(std::size_t seeds, std::size_t items, double shift = 0) {
  Random random(seeds * 1000 + items);
  Rows rows(seeds, std::vector<double>(items));
  for (auto& row : rows)
    for (auto& value : row)
      value = shift + random.normal();
  return rows;
}

TEST(Paired, one_seed_is_the_interval_of_the_differences) {
  const auto rows = noise_rows(1, 40, 0.3);
  const auto paired = paired_mean(rows, Clusters(40, {}));
  const auto plain = mean_interval(rows[0], Grouping{});
  EXPECT_EQ(paired.low, plain.low);
  EXPECT_EQ(paired.p_value, plain.p_value);
}

TEST(Paired, seeds_with_equal_results_count_as_one) {
  const auto row = noise_rows(1, 40)[0];
  const auto paired = paired_mean(Rows{row, row, row}, Clusters(40, {}));
  EXPECT_NEAR(paired.low, mean_interval(row, Grouping{}).low, 1e-12);
}

TEST(Paired, seeds_that_shift_all_items_add_the_variance_of_their_means) {
  const auto row = noise_rows(1, 40)[0];
  Rows rows(3, row);
  const double shifts[] = {-0.1, 0.02, 0.08};
  for (std::size_t s = 0; s < 3; ++s)
    for (auto& value : rows[s])
      value += shifts[s];
  const double of_items = std::pow(mean_interval(row, Grouping{}).standard_error, 2);
  const double of_seeds = (0.01 + 0.0004 + 0.0064) / 2 / 3;
  const auto paired = paired_mean(rows, Clusters(40, {}));
  EXPECT_NEAR(std::pow(paired.standard_error, 2), of_items + of_seeds, 1e-12);
  EXPECT_NEAR(
      paired.degrees_of_freedom,
      std::pow(of_items + of_seeds, 2) / (of_items * of_items / 39 + of_seeds * of_seeds / 2),
      1e-9);
}

TEST(Paired, noise_from_seed_to_seed_is_not_counted_twice) {
  // All variance is of single items in single seeds, which alone makes the seeds' means differ.
  double ratio = 0;
  for (std::size_t items = 100; items < 300; ++items) {
    const auto rows = noise_rows(5, items);
    const double se =
        paired_mean(rows, Clusters(static_cast<std::int64_t>(items), {})).standard_error;
    ratio += se * se * 5 * static_cast<double>(items) / 200;
  }
  EXPECT_GE(ratio, 1);
  EXPECT_LT(ratio, 1.4);  // 1.27 on average; counting the variance twice would give 2
}

TEST(Paired, is_never_narrower_than_the_seeds_alone) {
  const auto row = noise_rows(1, 400)[0];
  Rows rows(3, row);
  for (std::size_t s = 0; s < 3; ++s)
    for (auto& value : rows[s])
      value += static_cast<double>(s);
  const auto paired = paired_mean(rows, Clusters(400, {}));
  EXPECT_EQ(paired.degrees_of_freedom, 2);
  EXPECT_NEAR(paired.high - paired.estimate, 4.3026527 / std::sqrt(3.0), 0.005);  // t(0.975, 2)
}

TEST(Paired, says_why_there_is_no_interval) {
  EXPECT_EQ(paired_mean(Rows{}, Clusters(20, {})).missing, "no items");
  EXPECT_EQ(paired_mean(noise_rows(2, 8), Clusters(8, {})).missing,
            "8 groups; at least 10 are needed");
  const Rows same(2, std::vector<double>(20, 0.0));
  EXPECT_EQ(paired_mean(same, Clusters(20, {})).missing, "all groups have the same mean");
  auto bad = noise_rows(2, 20);
  bad[1][3] = std::nan("");
  EXPECT_EQ(paired_mean(bad, Clusters(20, {})).missing, "a value is not finite");
  EXPECT_THROW(paired_mean(noise_rows(1, 20), Clusters(30, {})), std::invalid_argument);
}

TEST(Paired, mcnemar_gives_the_published_example) {
  // Fagerland, Lydersen, Laake 2013, table 2: airway hyper-responsiveness, 1 against 7 discordant.
  EXPECT_NEAR(mcnemar_mid_p(1, 7), 0.0391, 0.00005);
  EXPECT_EQ(mcnemar_mid_p(7, 1), mcnemar_mid_p(1, 7));
  EXPECT_EQ(mcnemar_mid_p(0, 0), 1);
  EXPECT_NEAR(mcnemar_mid_p(1, 1), 0.75, 1e-12);
}

TEST(Paired, mcnemar_exists_only_for_marks_of_independent_items) {
  std::vector<double> marks(40, 0.0);
  for (std::size_t i = 0; i < 8; ++i)
    marks[i] = i == 0 ? -1 : 1;
  const auto alone = paired_difference(Rows{marks}, Clusters(40, {}));
  ASSERT_TRUE(alone.mcnemar_p.has_value());
  EXPECT_NEAR(*alone.mcnemar_p, 0.0391, 0.00005);

  Grouping pairs{.dimensions = {{}}};
  for (int i = 0; i < 40; ++i)
    pairs.dimensions[0].push_back(i / 2);
  EXPECT_FALSE(paired_difference(Rows{marks}, Clusters(40, pairs)).mcnemar_p.has_value());
  EXPECT_FALSE(paired_difference(Rows{marks, marks}, Clusters(40, {})).mcnemar_p.has_value());
  EXPECT_FALSE(paired_difference(noise_rows(1, 40), Clusters(40, {})).mcnemar_p.has_value());
}

TEST(Paired, sign_flips_count_the_patterns_that_are_as_extreme) {
  // 10 equal groups: only all plus and all minus are as extreme, 2 of 1,024.
  const Clusters ten(10, {});
  const auto& groups = ten.dimensions().front();
  EXPECT_NEAR(sign_flip_test(std::vector<double>(10, 1.0), groups), 2.0 / 1024, 0.001);
  EXPECT_EQ(sign_flip_test(std::vector<double>(10, 0.0), groups), 1);
  const std::vector<double> nine_to_one{1, 1, 1, 1, 1, 1, 1, 1, 1, -1};
  EXPECT_NEAR(sign_flip_test(nine_to_one, groups), 22.0 / 1024, 0.005);
}

TEST(Paired, sign_flips_flip_whole_groups) {
  Grouping grouping{.dimensions = {{}}};
  for (int i = 0; i < 100; ++i)
    grouping.dimensions[0].push_back(i / 10);
  const Clusters clusters(100, grouping);
  EXPECT_NEAR(sign_flip_test(std::vector<double>(100, 1.0), clusters.dimensions().front()),
              2.0 / 1024, 0.001);
}

TEST(Paired, p_of_0_is_that_of_the_interval_and_of_its_ends_5_percent) {
  const auto interval = mean_interval(noise_rows(1, 40, 0.3)[0], Grouping{});
  EXPECT_EQ(p_value(interval, 0), interval.p_value);
  EXPECT_NEAR(p_value(interval, interval.low), 0.05, 1e-12);
  EXPECT_NEAR(p_value(interval, interval.high), 0.05, 1e-12);
  EXPECT_EQ(p_value(no_interval(0.1, "few"), 0), 1);
}

TEST(Paired, equivalence_holds_if_the_90_percent_interval_is_inside_the_margin) {
  const auto row = noise_rows(1, 40, 0.1)[0];
  const auto ninety = mean_interval(row, Grouping{}, 0.9);
  const double reach = std::max(std::abs(ninety.low), std::abs(ninety.high));
  const auto interval = mean_interval(row, Grouping{});
  EXPECT_LT(equivalence_p(interval, reach + 1e-6), 0.05);
  EXPECT_GT(equivalence_p(interval, reach - 1e-6), 0.05);
  EXPECT_GE(equivalence_p(interval, 0), 0.5);
  EXPECT_EQ(equivalence_p(no_interval(0, "few"), 0.1), 1);
}

TEST(WeightedSum, of_two_tasks_on_the_same_items_is_the_mean_of_both_on_each) {
  const auto first = noise_rows(3, 60, 0.2), second = noise_rows(3, 61);
  Rows other, both(3);
  for (std::size_t s = 0; s < 3; ++s) {
    other.emplace_back(second[s].begin(), second[s].end() - 1);
    for (std::size_t i = 0; i < 60; ++i)
      both[s].push_back((first[s][i] + other[s][i]) / 2);
  }
  const auto twice = weighted_sum(std::vector<Part>{{first, 0.5}, {other, 0.5}});
  Grouping items{.dimensions = {{}}};
  for (int i = 0; i < 120; ++i)
    items.dimensions[0].push_back(i % 60);
  const auto pooled = paired_mean(twice, Clusters(120, items));
  const auto direct = paired_mean(both, Clusters(60, {}));
  EXPECT_NEAR(pooled.estimate, direct.estimate, 1e-12);
  EXPECT_NEAR(pooled.standard_error, direct.standard_error, 1e-12);
  EXPECT_NEAR(pooled.degrees_of_freedom, direct.degrees_of_freedom, 1e-8);
}

TEST(WeightedSum, of_an_interaction_is_the_difference_of_differences_of_each_item) {
  const auto first = noise_rows(3, 80, 0.2);
  auto second = first;
  Random random(9);
  Rows direct(3);
  for (std::size_t s = 0; s < 3; ++s)
    for (std::size_t i = 0; i < 80; ++i) {
      direct[s].push_back(0.3 + 0.1 * random.normal());
      second[s][i] += direct[s][i];
    }
  Grouping items{.dimensions = {{}}};
  for (int i = 0; i < 160; ++i)
    items.dimensions[0].push_back(i % 80);
  const auto found =
      paired_mean(weighted_sum(std::vector<Part>{{first, -1}, {second, 1}}), Clusters(160, items));
  const auto expected = paired_mean(direct, Clusters(80, {}));
  EXPECT_NEAR(found.estimate, expected.estimate, 1e-12);
  EXPECT_NEAR(found.standard_error, expected.standard_error, 1e-12);
  EXPECT_NEAR(found.p_value, expected.p_value, 1e-9);
}

TEST(WeightedSum, of_samples_without_a_common_item_adds_their_variances) {
  const auto first = noise_rows(1, 50), second = noise_rows(1, 90);
  const auto rows = weighted_sum(std::vector<Part>{{first, -1}, {second, 1}});
  const double a = mean_interval(first[0], Grouping{}).standard_error,
               b = mean_interval(second[0], Grouping{}).standard_error;
  EXPECT_NEAR(paired_mean(rows, Clusters(140, {})).standard_error, std::hypot(a, b),
              0.01 * std::hypot(a, b));
}

TEST(WeightedSum, of_tasks_that_are_the_same_on_all_items_has_no_interval) {
  const Rows first{std::vector<double>(50, 0.1)}, second{std::vector<double>(90, 0.2)},
      third{std::vector<double>(70, 0.3)};
  for (const double last : {1.0, -1.0}) {
    const auto rows = weighted_sum(std::vector<Part>{{first, 1}, {second, 1}, {third, last}});
    EXPECT_EQ(paired_mean(rows, Clusters(210, {})).missing, "all groups have the same mean");
  }
}

TEST(Conditional, has_neither_sign_flips_nor_mcnemar) {
  Grouping speakers{.dimensions = {{}}};
  for (int i = 0; i < 40; ++i)
    speakers.dimensions[0].push_back(i % 4);
  std::vector<double> marks(40, 0.0);
  marks[3] = marks[8] = marks[30] = 1;
  const auto paired = paired_difference(Rows{marks}, Clusters(40, speakers, speakers));
  EXPECT_TRUE(paired.interval.defined());
  EXPECT_FALSE(paired.sign_flip_p.has_value());
  EXPECT_FALSE(paired.mcnemar_p.has_value());
}

}  // namespace
}  // namespace earshot::statistics
