#include "worker/stage/metrics.hpp"

#include <chrono>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <earshot/error.hpp>

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

const MetricWithReplicates& find(const std::vector<MetricWithReplicates>& rows,
                                 const std::string& slice, const std::string& metric) {
  for (const auto& row : rows)
    if (row.first.slice == slice && row.first.metric == metric) return row;
  throw std::out_of_range(metric);
}

TEST(SliceMetrics, give_a_mean_and_the_same_mean_as_a_score_like_intervals) {
  const auto rows = slice_metrics(MeanTwice(), outcomes(400), "dataset", 2000);
  ASSERT_EQ(rows.size(), 8u);
  for (const std::string slice : {"all", "0", "1", "2"}) {
    const auto& mark = find(rows, slice, "mark").first;
    const auto& score = find(rows, slice, "score").first;
    EXPECT_NEAR(mark.value.get<double>(), score.value.get<double>(), 1e-12);
    const double width = mark.ci_high.get<double>() - mark.ci_low.get<double>();
    EXPECT_NEAR(score.ci_low.get<double>(), mark.ci_low.get<double>(), width * 0.1) << slice;
    EXPECT_NEAR(score.ci_high.get<double>(), mark.ci_high.get<double>(), width * 0.1) << slice;
  }
}

TEST(SliceMetrics, draw_the_same_resamples_for_every_run_on_a_dataset) {
  const auto once = slice_metrics(MeanTwice(), outcomes(60), "dataset", 500);
  const auto again = slice_metrics(MeanTwice(), outcomes(60), "dataset", 500);
  const auto other = slice_metrics(MeanTwice(), outcomes(60), "another dataset", 500);
  EXPECT_EQ(find(once, "1", "score").second, find(again, "1", "score").second);
  EXPECT_NE(find(once, "1", "score").second, find(other, "1", "score").second);
}

TEST(SliceMetrics, count_marks_that_are_left_out) {
  auto given = outcomes(60);
  for (int i = 0; i < 10; ++i)
    given.predictions[static_cast<std::size_t>(i)].scores.clear();
  given.marks = mark_all(MeanTwice(), given.items, given.predictions);
  const auto rows = slice_metrics(MeanTwice(), given, "dataset", 100);
  EXPECT_EQ(find(rows, "all", "mark").first.n, 50);
  EXPECT_EQ(find(rows, "all", "score").first.n, 60);
}

TEST(SliceMetrics, give_no_interval_to_few_groups) {
  const auto rows = slice_metrics(MeanTwice(), outcomes(16), "dataset", 100);
  for (const auto& [row, replicates] : rows) {
    EXPECT_THAT(row.no_interval, ::testing::HasSubstr("groups; at least 10 are needed"));
    EXPECT_TRUE(row.ci_low.is_null() && row.ci_high.is_null());
    EXPECT_TRUE(replicates.empty());
    EXPECT_TRUE(row.value.is_number());
  }
}

TEST(SliceMetrics, draw_less_often_from_more_items) {
  const auto rows = slice_metrics(MeanTwice(), outcomes(40'000), "dataset", 2000);
  EXPECT_EQ(find(rows, "all", "score").second.size(), 500u);
}

TEST(SliceMetrics, of_400_items_with_2000_replicates_take_well_under_a_second) {
  const auto given = outcomes(400);
  const auto start = std::chrono::steady_clock::now();
  slice_metrics(MeanTwice(), given, "dataset", 2000);
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
