#include <cmath>

#include "../analyse/synthetic.hpp"
#include "host/report/page_data.hpp"

namespace earshot::host {
namespace {

using ::testing::Each;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Probes of a label, and questions to a language model about the same items.
class GapsTest : public Synthetic {
 protected:
  static CellRecord probe(const std::string& encoder, const std::string& task) {
    auto own = cell(encoder, task, 0);
    own.target = task;
    return own;
  }
  static CellRecord question(const std::string& encoder, const std::string& task) {
    auto own = with(cell(encoder, task, 0), "language_model", "tiny");
    own.language_model = "tiny";
    return own;
  }

  /// Finishes a cell with marks, and with scores of both categories, so that the report has slices.
  void finish(const CellRecord& own, const Marks& marks) {
    RunRecord record;
    record.state = "ok";
    protocol::Metric accuracy;
    accuracy.name = "accuracy";
    record.metric_specs = {accuracy};
    double sums[2] = {0, 0};
    for (std::int64_t i = 20; i < items; ++i) {
      record.predictions.push_back({.item = i, .marks = {{"accuracy", marks(i)}}});
      sums[i % 2] += marks(i) / 20;
    }
    auto row = metric("accuracy", "mean", (sums[0] + sums[1]) / 2, 40);
    record.metrics = {{row, {}}};
    row.slice_dimension = "category";
    row.n = 20;
    for (const int odd : {0, 1}) {
      row.slice = odd == 0 ? "event" : "mood";
      row.value = sums[odd];
      record.metrics.emplace_back(row, "");
    }
    const auto id = store_->begin_run(own.key);
    ASSERT_TRUE(id.has_value());
    store_->finish_run(*id, record);
  }

  ReportedExperiment report() const { return page_data(*store_, {"ablation"}).experiments.at(0); }
};

TEST_F(GapsTest, dots_are_the_differences_that_compare_prints) {
  for (const auto* encoder : {"htsat", "mimi"}) {
    cells_.push_back(probe(encoder, "event"));
    cells_.push_back(probe(encoder, "noise"));
    cells_.push_back(question(encoder, "hearing"));
  }
  plan();
  for (std::size_t i = 0; i < cells_.size(); ++i)
    finish(cells_[i], wrong_every(3 + static_cast<std::int64_t>(i)));
  const auto gaps = report().gaps;
  std::map<std::string, std::vector<ReportedGap>> kinds;
  for (const auto& gap : gaps)
    kinds[gap.matched].push_back(gap);
  EXPECT_THAT(gaps, Each(Field(&ReportedGap::base, "htsat")));
  EXPECT_THAT(gaps, Each(Field(&ReportedGap::candidate, "mimi")));

  // The dataset: the mean over both probes.
  ASSERT_THAT(kinds["dataset"], SizeIs(1));
  const auto means = compared({.over = {"task"}, .only = {"task=event,noise"}}).lines;
  ASSERT_THAT(means, SizeIs(1));
  const auto& probe_gap = kinds["dataset"][0].probe_gap;
  EXPECT_EQ(*probe_gap.delta, means[0].difference.interval.estimate);
  EXPECT_EQ(*probe_gap.low, means[0].difference.interval.low);
  const auto asked = compared({.by = {"category"}, .only = {"task=hearing"}}).lines;
  ASSERT_THAT(asked, SizeIs(2));

  // Categories, and the one that is called like a probe.
  ASSERT_THAT(kinds["slice"], SizeIs(2));
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(kinds["slice"][i].label, "category " + asked[i].slices[0].name);
    EXPECT_EQ(*kinds["slice"][i].question_gap.delta, asked[i].difference.interval.estimate);
  }
  ASSERT_THAT(kinds["name"], SizeIs(1));
  EXPECT_EQ(kinds["name"][0].label, "category event");
  EXPECT_EQ(kinds["name"][0].probe, "event");
}

TEST_F(GapsTest, correlations_count_the_dots_of_a_candidate) {
  for (const auto* encoder : {"htsat", "mimi"}) {
    cells_.push_back(probe(encoder, "event"));
    cells_.push_back(question(encoder, "hearing"));
  }
  plan();
  for (const auto& own : cells_)
    finish(own, wrong_every(own.encoder == "htsat" ? 3 : 7));
  for (const auto& correlation : report().correlations) {
    EXPECT_EQ(correlation.candidate, "mimi");
    EXPECT_FALSE(correlation.rho.has_value());
    EXPECT_EQ(correlation.note, "fewer than three pairs");
  }
  EXPECT_THAT(report().correlations, SizeIs(3));
}

TEST_F(GapsTest, there_are_none_without_both_probes_and_questions) {
  cells_ = {probe("htsat", "event"), probe("mimi", "event")};
  plan();
  for (const auto& own : cells_)
    finish(own, wrong_every(4));
  EXPECT_THAT(report().gaps, IsEmpty());
}

}  // namespace
}  // namespace earshot::host
