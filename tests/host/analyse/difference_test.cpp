#include "host/analyse/difference.hpp"

#include <cmath>
#include <deque>

#include <gmock/gmock.h>

#include "statistics/interval.hpp"
#include "statistics/random.hpp"

namespace earshot::host {
namespace {

/// Samples of marks of 80 items by four speakers, 20 each, in one seed.
class DifferenceOfSamples : public ::testing::Test {
 protected:
  static constexpr std::size_t items = 80;

  DifferenceOfSamples() {
    for (std::size_t i = 0; i < items; ++i)
      groups_.push_back({{"", "1/#" + std::to_string(i)}, {"speaker", "1/" + speaker(i)}});
  }

  static std::string speaker(std::size_t item) { return std::string(1, "abcd"[item % 4]); }

  /// @param of  candidate - base of an item
  template <class Of>
  Sample sample(Of of, const std::string& kind = "mean") const {
    Sample sample{.metric = "accuracy", .kind = kind, .seeds = {0}, .scored = 70};
    auto& row = sample.differences.emplace_back();
    double sum = 0;
    for (std::size_t i = 0; i < items; ++i) {
      sample.items.push_back(&groups_[i]);
      row.push_back(of(i));
      sum += row.back();
    }
    sample.base = {0.5};
    sample.candidate = {0.5 + sum / static_cast<double>(items)};
    return sample;
  }

  static double wave(std::size_t item) { return std::sin(static_cast<double>(item * item)); }

  std::deque<ItemGroups> groups_{};
};

TEST_F(DifferenceOfSamples, has_no_interval_over_four_speakers) {
  const auto found = difference(std::vector{sample(wave)});
  EXPECT_EQ(found.interval.missing, "4 groups; at least 10 are needed");
}

TEST_F(DifferenceOfSamples, has_one_for_exactly_these_speakers_however_they_differ) {
  const auto apart = [](std::size_t i) { return wave(i) + static_cast<double>(i % 4); };
  const auto found = difference(std::vector{sample(wave)}, {"speaker"});
  ASSERT_TRUE(found.interval.defined());
  EXPECT_EQ(found.method, "jackknife within strata");
  EXPECT_EQ(found.groups, 80);
  const auto moved = difference(std::vector{sample(apart)}, {"speaker"});
  EXPECT_NEAR(moved.interval.standard_error, found.interval.standard_error, 1e-12);
  EXPECT_NEAR(moved.interval.estimate, found.interval.estimate + 1.5, 1e-12);
}

TEST_F(DifferenceOfSamples, has_one_for_scores_too) {
  const auto marks = difference(std::vector{sample(wave)}, {"speaker"});
  const auto scores = difference(std::vector{sample(wave, "score")}, {"speaker"});
  EXPECT_EQ(scores.interval.low, marks.interval.low);
  EXPECT_EQ(scores.items, 70);  // items that entered the score
}

TEST_F(DifferenceOfSamples, keeps_the_speakers_of_several_tasks_apart) {
  const auto second = [](std::size_t i) { return wave(i) + (i % 4 == 0 ? 5 : 0); };
  const auto both = difference(std::vector{sample(wave), sample(second)}, {"speaker"});
  const auto one = difference(std::vector{sample(wave)}, {"speaker"});
  EXPECT_NEAR(both.interval.standard_error, one.interval.standard_error,
              0.02 * one.interval.standard_error);
}

TEST_F(DifferenceOfSamples, ignores_a_group_that_does_not_exist) {
  const auto found = difference(std::vector{sample(wave)}, {"room"});
  EXPECT_EQ(found.interval.missing, "4 groups; at least 10 are needed");
}

TEST_F(DifferenceOfSamples, of_an_interaction_is_that_of_each_item_s_differences) {
  const auto more = [](std::size_t i) { return 0.25 + 0.1 * wave(i + 7); };
  for (auto& groups : groups_)
    groups.erase("speaker");
  const auto first = sample(wave);
  const auto second = sample([&](std::size_t i) { return wave(i) + more(i); });
  const auto found = interaction(std::vector{first}, std::vector{second});
  const auto expected = difference(std::vector{sample(more)});
  EXPECT_NEAR(found.interval.estimate, expected.interval.estimate, 1e-12);
  EXPECT_NEAR(found.interval.standard_error, expected.interval.standard_error, 1e-12);
  EXPECT_NEAR(found.base, first.candidate[0] - 0.5, 1e-12);
  EXPECT_NEAR(found.candidate, second.candidate[0] - 0.5, 1e-12);
}

TEST_F(DifferenceOfSamples, of_an_interaction_takes_seeds_that_both_have) {
  for (auto& groups : groups_)
    groups.erase("speaker");
  auto first = sample(wave);
  first.seeds = {3};
  EXPECT_EQ(interaction(std::vector{first}, std::vector{sample(wave)}).interval.missing,
            "no pair of finished runs");
}

TEST_F(DifferenceOfSamples, says_why_scores_cannot_be_paired) {
  auto score = sample(wave, "score");
  score.differences.clear();
  score.unpaired = "the runs scored different items";
  const auto found = difference(std::vector{score});
  EXPECT_EQ(found.interval.missing, "the runs scored different items");
  EXPECT_NEAR(found.interval.estimate, score.candidate[0] - 0.5, 1e-12);
}

}  // namespace
}  // namespace earshot::host
