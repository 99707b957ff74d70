#include "host/schedule/selection.hpp"

#include <gmock/gmock.h>

#include "small_plan.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;

/// Two seeds of a task with three learning rates each.
struct LearningRates {
  LearningRates() : store(folder / "results.db", Store::Mode::write) {
    small.plan.experiment.select = {{"task.lr"}, "accuracy", {}};
    for (std::int64_t seed : {0, 1})
      for (const double rate : {0.1, 0.2, 0.3}) {
        auto& cell = small.add("log_mel", "room", seed);
        cell.cell.axes.add_after("task", "task.lr", OptionValue{rate});
        cell.identity.evaluator = std::make_shared<const std::string>(Json(rate).dump());
        cell.key = cell.identity.key();
      }
  }

  void finish(const PlannedCell& cell, double accuracy) {
    const auto run = store.begin_run(cell.key);
    RunRecord record;
    record.state = "ok";
    record.metric_specs = *cell.metrics;
    record.metrics.push_back(
        {{"all", "all", "accuracy", "mean", accuracy, "", 2, nullptr, nullptr, "few"}, {}});
    store.finish_run(run.value(), record);
  }

  static std::vector<std::string> states(const Plan& plan) {
    std::vector<std::string> out;
    for (const auto& cell : plan.cells) {
      const std::string what = cell.identity.validation ? "v" : "t";
      constexpr const char* names[] = {"run", "cached", "excluded", "out", "skipped"};
      out.push_back(what + " " + names[static_cast<int>(cell.decision)]);
    }
    return out;
  }

  TemporaryFolder folder;
  Store store;
  SmallPlan small;
};

TEST(Selection, runs_every_candidate_on_validation_and_none_on_test_first) {
  const LearningRates rates;
  const auto plan = with_selection(rates.small.plan, rates.store);
  EXPECT_THAT(LearningRates::states(plan),
              ElementsAre("v run", "t out", "v run", "t out", "v run", "t out", "v run", "t out",
                          "v run", "t out", "v run", "t out"));
  EXPECT_TRUE(choices_open(plan));
}

TEST(Selection, gives_test_numbers_to_the_best_of_each_set_alone) {
  LearningRates rates;
  const auto first = with_selection(rates.small.plan, rates.store);
  record(first, rates.store);
  const double values[] = {0.5, 0.7, 0.6, 0.9, 0.8, 0.9};
  for (std::size_t i = 0; i < 6; ++i)
    rates.finish(first.cells[2 * i], values[i]);
  const auto second = with_selection(rates.small.plan, rates.store);
  EXPECT_FALSE(choices_open(second));
  EXPECT_THAT(LearningRates::states(second),
              ElementsAre("v cached", "t out", "v cached", "t run", "v cached", "t out",  //
                          "v cached", "t run", "v cached", "t out", "v cached", "t out"));
  EXPECT_EQ(second.cells[1].reason, "[select]: not chosen: 0.5 against 0.7 on validation");
  EXPECT_FALSE(is_member(second.cells[1]));
  EXPECT_TRUE(is_member(second.cells[3]));
}

TEST(Selection, waits_until_the_last_of_a_set_has_a_number) {
  LearningRates rates;
  const auto first = with_selection(rates.small.plan, rates.store);
  record(first, rates.store);
  rates.finish(first.cells[0], 0.5);
  rates.finish(first.cells[2], 0.7);
  const auto second = with_selection(rates.small.plan, rates.store);
  EXPECT_THAT(LearningRates::states(second),
              ElementsAre("v cached", "t out", "v cached", "t out", "v run", "t out",  //
                          "v run", "t out", "v run", "t out", "v run", "t out"));
}

TEST(Selection, takes_the_lowest_of_a_metric_that_is_better_when_lower) {
  LearningRates rates;
  for (auto& cell : rates.small.plan.cells)
    cell.metrics = std::make_shared<const std::vector<protocol::Metric>>(
        1, protocol::Metric{"accuracy", "", "", false, true, 1});
  const auto first = with_selection(rates.small.plan, rates.store);
  record(first, rates.store);
  for (std::size_t i = 0; i < 6; ++i)
    rates.finish(first.cells[2 * i], 0.5 + 0.1 * static_cast<double>(i));
  const auto second = with_selection(rates.small.plan, rates.store);
  EXPECT_EQ(second.cells[1].decision, Decision::run);
  EXPECT_EQ(second.cells[3].decision, Decision::left_out);
}

TEST(Selection, changes_nothing_where_none_is_asked_for) {
  const TemporaryFolder folder;
  const Store store(folder / "results.db", Store::Mode::write);
  SmallPlan small;
  small.add("log_mel", "room");
  EXPECT_EQ(with_selection(small.plan, store).cells.size(), 1u);
}

}  // namespace
}  // namespace earshot::host
