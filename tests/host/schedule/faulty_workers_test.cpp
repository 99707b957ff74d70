#include <algorithm>

#include "scheduling.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Workers that hang, take too much, leave something behind or break the protocol.

TEST_F(Scheduling, ends_a_stage_that_hangs_even_if_it_ignores_signals) {
  small.plan.experiment.resources.timeout = 0.2;
  small.plan.experiment.resources.attempts = 2;
  small.add("", "hang");
  EXPECT_EQ(run().failed, 1);
  EXPECT_THAT(runs(), ElementsAre("timeout", "timeout"));
}

TEST_F(Scheduling, ends_a_worker_that_takes_too_much_memory) {
  small.plan.experiment.resources.memory = std::int64_t{100} << 20;
  small.plan.experiment.resources.attempts = 1;
  small.add("", "greedy");
  EXPECT_EQ(run().failed, 1);
  EXPECT_THAT(runs(), ElementsAre("oom"));
  EXPECT_THAT(text("SELECT error FROM run"), HasSubstr("the limit is 100 MiB"));
}

TEST_F(Scheduling, counts_shared_memory_and_that_of_children) {
  small.plan.experiment.resources.memory = std::int64_t{100} << 20;
  small.plan.experiment.resources.attempts = 1;
  small.add("", "shares");
  small.add("", "greedy_child");
  EXPECT_EQ(run().failed, 2);
  EXPECT_THAT(runs(), ElementsAre("oom", "oom"));
}

// Regression: a thread that a plugin had left running crashed the next cell.
TEST_F(Scheduling, gives_an_innocent_cell_a_process_without_the_leftovers_of_another) {
  small.plan.experiment.resources.jobs = 1;
  small.plan.experiment.resources.attempts = 1;
  small.add("", "leaves_crash");
  small.add("", "slow");
  EXPECT_EQ(run().ok, 2);
}

TEST_F(Scheduling, says_a_warning_of_workers_once) {
  struct Notes : HeardProgress {
    void note(std::string_view line) override { lines.emplace_back(line); }
    std::vector<std::string> lines{};
  } heard;
  small.add("", "warns");
  small.add("", "warns", 1);
  EXPECT_EQ(run(heard).ok, 2);
  EXPECT_THAT(heard.lines, ElementsAre("warning: it changed the locale"));
}

// Regression: control characters in the message of a plugin reached the terminal.
TEST_F(Scheduling, records_errors_short_and_without_control_characters) {
  small.add("", "talks");
  const auto summary = run();
  const auto error = text("SELECT error FROM run");
  EXPECT_LT(error.size(), 5000u);
  EXPECT_THAT(error, HasSubstr("red"));
  EXPECT_THAT(error, HasSubstr("bytes left out"));
  EXPECT_EQ(error.find('\x1b'), std::string::npos);
  EXPECT_EQ(error.find("\xc2\x9b"), std::string::npos);
  EXPECT_GT(text_of(summary.failures.at(0).log).size(), 1u << 20) << "the log has all of it";
}

// Regression: a deeply nested message of a worker ended the runner.
TEST_F(Scheduling, survives_a_message_nested_a_million_deep) {
  small.plan.experiment.resources.attempts = 1;
  small.add("", "deep");
  small.add("", "room");
  EXPECT_EQ(run().ok, 1);
  EXPECT_THAT(runs(), ::testing::UnorderedElementsAre("failed protocol", "ok"));
  EXPECT_THAT(text("SELECT error FROM run WHERE state = 'failed'"), HasSubstr("nested deeper"));
}

TEST_F(Scheduling, survives_a_worker_that_breaks_the_protocol) {
  small.plan.experiment.resources.attempts = 1;
  small.add("", "garbage");
  small.add("", "room");
  const auto summary = run();
  EXPECT_EQ(summary.ok, 1);
  EXPECT_THAT(runs(), ::testing::UnorderedElementsAre("failed protocol", "ok"));
}

TEST_F(Scheduling, ends_an_attempt_in_words_that_says_what_the_protocol_does_not_have) {
  small.plan.experiment.resources.attempts = 1;
  for (const auto* name : {"says_unknown", "says_half", "gives_half", "room"})
    small.add("", name);
  EXPECT_EQ(run().ok, 1);
  EXPECT_THAT(text("SELECT group_concat(error, char(10)) FROM run WHERE error_kind = 'protocol'"),
              AllOf(HasSubstr("message 'gossip' is unknown here; expected one of 'done', 'failed', "
                              "'items', 'progress'"),
                    HasSubstr("message 'progress': field 'total': it is missing"),
                    HasSubstr("result of 'cell': field 'used': it is missing")));
}

// Regression: what the tables do not allow, such as a metric that is reported twice, ended the
// runner as if its results file were unusable.
TEST_F(Scheduling, fails_a_cell_whose_reports_cannot_be_stored_and_no_other) {
  small.plan.experiment.resources.attempts = 1;
  for (const auto* name : {"says_metric_twice", "says_prediction_twice", "says_artifact_twice",
                           "counts_below_zero", "room"})
    small.add("", name);
  const auto summary = run();
  EXPECT_EQ(summary.ok, 1);
  EXPECT_EQ(summary.failed, 4);
  EXPECT_EQ(summary.exit_code(), ExitCode::cells_not_ok);
  EXPECT_THAT(
      text("SELECT group_concat(error, char(10)) FROM run WHERE error_kind = 'protocol'"),
      AllOf(HasSubstr("what it reported cannot be stored: UNIQUE constraint failed: metric."),
            HasSubstr("UNIQUE constraint failed: prediction."),
            HasSubstr("UNIQUE constraint failed: artifact."),
            HasSubstr("CHECK constraint failed: n >= 0")));
}

TEST_F(Scheduling, ends_what_a_plugin_has_detached_with_its_worker) {
  small.add("", "detaches");
  run();
  const auto all = events();
  const auto line = std::find_if(all.begin(), all.end(),
                                 [](const auto& text) { return text.starts_with("pid "); });
  ASSERT_NE(line, all.end());
  EXPECT_NE(::kill(std::stoi(line->substr(4)), 0), 0);
}

}  // namespace
}  // namespace earshot::host
