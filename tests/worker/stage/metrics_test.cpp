#include "worker/stage/metrics.hpp"

#include <chrono>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <earshot/error.hpp>

#include "statistics/influence.hpp"

namespace earshot::worker {
namespace {

/// The mean of the values as a mark, and again as a score.
class MeanTwice final : public Evaluator {
 public:
  Uses uses() const override { return {}; }
  std::vector<MetricSpec> metrics() const override { return {{.name = "mark"}, {.name = "score"}}; }
  Numbers mark(const Item&, const Prediction& prediction) const override {
    if (prediction.scores.empty()) return {};
    return {{"mark", prediction.scores[0]}};
  }
  Numbers score(std::span<const Outcome> slice) const override {
    double sum = 0;
    for (const auto& [item, prediction] : slice)
      sum += prediction.scores.empty() ? 0 : prediction.scores[0];
    return {{"score", sum / static_cast<double>(slice.size())}};
  }
};

Outcomes outcomes(int items) {
  Outcomes result;
  for (int i = 0; i < items; ++i) {
    Item item{.id = std::to_string(i)};
    item.groups = {{"clip", std::to_string(i / 2)}};
    item.slices["third"] = std::to_string(i % 3);
    result.items.push_back(item);
    result.predictions.push_back({.item = i, .scores = {std::sin(i * i)}});
  }
  result.marks = mark_all(MeanTwice(), result.items, result.predictions);
  return result;
}

const MetricWithInfluences& find(const std::vector<MetricWithInfluences>& rows,
                                 const std::string& slice, const std::string& metric) {
  for (const auto& row : rows)
    if (row.first.slice == slice && row.first.metric == metric) return row;
  throw std::out_of_range(metric);
}

TEST(SliceMetrics, give_a_mean_and_the_same_mean_as_a_score_one_interval) {
  const auto rows = slice_metrics(MeanTwice(), outcomes(400), 2000);
  ASSERT_EQ(rows.size(), 8u);
  for (const std::string slice : {"all", "0", "1", "2"}) {
    const auto& mark = find(rows, slice, "mark").first;
    const auto& score = find(rows, slice, "score").first;
    EXPECT_NEAR(mark.value.get<double>(), score.value.get<double>(), 1e-12);
    EXPECT_NEAR(score.ci_low.get<double>(), mark.ci_low.get<double>(), 1e-9) << slice;
    EXPECT_NEAR(score.ci_high.get<double>(), mark.ci_high.get<double>(), 1e-9) << slice;
  }
}

TEST(SliceMetrics, hold_what_each_item_contributes_to_a_score) {
  const auto given = outcomes(60);
  const auto rows = slice_metrics(MeanTwice(), given, 2000);
  EXPECT_TRUE(find(rows, "all", "mark").second.empty());
  const auto influences = statistics::unpacked(find(rows, "1", "score").second);
  ASSERT_TRUE(influences.has_value());
  ASSERT_EQ(influences->values.size(), 20u);
  const double mean = find(rows, "1", "score").first.value.get<double>();
  for (std::size_t i = 0; i < 20; ++i)
    EXPECT_NEAR(influences->values[i] + mean, given.predictions[3 * i + 1].scores[0], 1e-6);
}

TEST(SliceMetrics, leave_out_blocks_where_items_are_many) {
  const auto given = outcomes(3000);
  const auto rows = slice_metrics(MeanTwice(), given, 200);
  const auto influences = statistics::unpacked(find(rows, "all", "score").second);
  ASSERT_TRUE(influences.has_value());
  EXPECT_EQ(influences->values.size(), 200u);
  for (std::size_t i = 0; i < 3000; i += 2)  // a clip is never split
    EXPECT_EQ(influences->block_of[i], influences->block_of[i + 1]);
  const auto& mark = find(rows, "all", "mark").first;
  const auto& score = find(rows, "all", "score").first;
  const double width = mark.ci_high.get<double>() - mark.ci_low.get<double>();
  EXPECT_NEAR(score.ci_high.get<double>() - score.ci_low.get<double>(), width, 0.15 * width);
}

TEST(SliceMetrics, never_leave_out_fewer_blocks_than_a_steady_p_value_needs) {
  const auto rows = slice_metrics(MeanTwice(), outcomes(20'000), 2000);
  const auto influences = statistics::unpacked(find(rows, "all", "score").second);
  ASSERT_TRUE(influences.has_value());
  EXPECT_EQ(influences->values.size(), static_cast<std::size_t>(statistics::enough_blocks));
}

TEST(SliceMetrics, count_marks_that_are_left_out) {
  auto given = outcomes(60);
  for (int i = 0; i < 10; ++i)
    given.predictions[static_cast<std::size_t>(i)].scores.clear();
  given.marks = mark_all(MeanTwice(), given.items, given.predictions);
  const auto rows = slice_metrics(MeanTwice(), given, 100);
  EXPECT_EQ(find(rows, "all", "mark").first.n, 50);
  EXPECT_EQ(find(rows, "all", "score").first.n, 60);
}

/// A score over the items that have scores, and their number.
class CountsItself final : public Evaluator {
 public:
  explicit CountsItself(double wrong = 0) : wrong_(wrong) {}
  Uses uses() const override { return {}; }
  std::vector<MetricSpec> metrics() const override { return {{.name = "score"}}; }
  Numbers score(std::span<const Outcome> slice) const override {
    double sum = 0, count = 0;
    for (const auto& [item, prediction] : slice)
      for (const auto score : prediction.scores) {
        sum += score;
        count += 1;
      }
    if (count == 0) return {};
    return {{"score", sum / count}, {"score.n", count + wrong_}};
  }

 private:
  double wrong_;
};

TEST(SliceMetrics, give_the_items_that_entered_a_score) {
  auto given = outcomes(60);
  for (int i = 0; i < 10; ++i)
    given.predictions[static_cast<std::size_t>(i)].scores.clear();
  given.marks.assign(60, {});
  const auto rows = slice_metrics(CountsItself(), given, 100);
  ASSERT_EQ(rows.size(), 4u) << "a count is no metric";
  EXPECT_EQ(find(rows, "all", "score").first.n, 50);
  EXPECT_EQ(find(rows, "0", "score").first.n, 16);
  EXPECT_FALSE(find(rows, "all", "score").second.empty());
  EXPECT_THROW(slice_metrics(CountsItself(0.5), given, 100), ContractError);
  EXPECT_THROW(slice_metrics(CountsItself(11), given, 100), ContractError);
}

// Regression: a score over few of many items had an interval, as if all their groups had entered
// it.
TEST(SliceMetrics, of_a_score_over_items_of_few_groups_have_no_interval) {
  auto given = outcomes(60);
  for (int i = 18; i < 60; ++i)
    given.predictions[static_cast<std::size_t>(i)].scores.clear();
  given.marks.assign(60, {});
  const auto row = find(slice_metrics(CountsItself(), given, 100), "all", "score").first;
  EXPECT_EQ(row.n, 18);
  EXPECT_TRUE(row.ci_low.is_null());
  EXPECT_EQ(row.no_interval, "9 groups; at least 10 are needed");
}

// Regression: it had one where blocks of many groups were left out, since all groups of a block
// with an item that entered the score were counted.
TEST(SliceMetrics, of_a_score_over_few_items_have_no_interval_if_blocks_are_left_out) {
  auto given = outcomes(600);
  for (int i = 0; i < 600; ++i)
    if (i % 67 != 0) given.predictions[static_cast<std::size_t>(i)].scores.clear();
  given.marks.assign(600, {});
  const auto row = find(slice_metrics(CountsItself(), given, 20), "all", "score").first;
  EXPECT_EQ(row.n, 9);
  EXPECT_TRUE(row.ci_low.is_null());
  EXPECT_EQ(row.no_interval, "9 items; at least 10 are needed");
}

/// Gives the last item a mark with another name, but as many marks as the others.
class RenamesOne final : public Evaluator {
 public:
  Uses uses() const override { return {}; }
  std::vector<MetricSpec> metrics() const override { return {{.name = "mark"}}; }
  Numbers mark(const Item& item, const Prediction&) const override {
    return {{item.id == "2" ? "speed" : "mark", 1}};
  }
};

// Regression: an undeclared metric passed if the number of metrics stayed the same.
TEST(SliceMetrics, refuse_a_mark_that_is_not_declared_wherever_it_comes) {
  const auto given = outcomes(3);
  EXPECT_THAT([&] { mark_all(RenamesOne(), given.items, given.predictions); },
              ::testing::ThrowsMessage<ContractError>(
                  ::testing::HasSubstr("mark() of item '2' gives 'speed'")));
}

TEST(SliceMetrics, give_no_interval_to_few_groups) {
  const auto rows = slice_metrics(MeanTwice(), outcomes(16), 100);
  for (const auto& [row, influences] : rows) {
    EXPECT_THAT(row.no_interval, ::testing::HasSubstr("groups; at least 10 are needed"));
    EXPECT_TRUE(row.ci_low.is_null() && row.ci_high.is_null());
    EXPECT_EQ(influences.empty(), row.kind != "score");  // kept for later requests of other groups
    EXPECT_TRUE(row.value.is_number());
  }
}

/// Undefined without item 0.
class NeedsTheFirst final : public Evaluator {
 public:
  Uses uses() const override { return {}; }
  std::vector<MetricSpec> metrics() const override { return {{.name = "score"}}; }
  Numbers score(std::span<const Outcome> slice) const override {
    for (const auto& [item, prediction] : slice)
      if (item.id == "0") return {{"score", 0.5}};
    return {};
  }
};

TEST(SliceMetrics, give_no_interval_to_a_score_that_an_item_decides_to_exist) {
  const auto rows = slice_metrics(NeedsTheFirst(), outcomes(60), 2000);
  const auto& [row, influences] = find(rows, "all", "score");
  EXPECT_EQ(row.value, 0.5);
  EXPECT_EQ(row.no_interval, "the metric is undefined without some of the items");
  EXPECT_TRUE(influences.empty());
}

TEST(SliceMetrics, give_scores_no_interval_when_told_not_to_ask_again) {
  const auto rows = slice_metrics(MeanTwice(), outcomes(60), 0);
  EXPECT_EQ(find(rows, "all", "score").first.no_interval, "replicates = 0 disables it");
  EXPECT_TRUE(find(rows, "all", "score").second.empty());
  EXPECT_FALSE(find(rows, "all", "mark").first.ci_low.is_null());
}

TEST(SliceMetrics, of_400_items_take_well_under_a_second) {
  const auto given = outcomes(400);
  const auto start = std::chrono::steady_clock::now();
  slice_metrics(MeanTwice(), given, 2000);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_LT(took.count(), 2.0);
}

TEST(SliceMetrics, refuse_a_mark_that_is_not_finite) {
  auto given = outcomes(3);
  given.predictions[1].scores = {std::nan("")};
  EXPECT_THROW(mark_all(MeanTwice(), given.items, given.predictions), ContractError);
}

TEST(ReportRow, tags_what_is_not_finite) {
  EXPECT_EQ(report_row("x", 0.5, 3).value, 0.5);
  EXPECT_EQ(report_row("x", std::nan(""), 3).nonfinite, "nan");
  EXPECT_EQ(report_row("x", -INFINITY, 3).nonfinite, "-inf");
  EXPECT_TRUE(report_row("x", INFINITY, 3).value.is_null());
}

}  // namespace
}  // namespace earshot::worker
