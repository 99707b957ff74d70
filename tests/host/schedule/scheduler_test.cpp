#include "host/schedule/scheduler.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include <signal.h>
#include <unistd.h>

#include "scheduling.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(Scheduling, runs_every_cell_once_and_records_what_it_said) {
  small.add("log_mel", "room");
  small.add("mfcc", "room");
  const auto summary = run();
  EXPECT_EQ(summary.ok, 2);
  EXPECT_EQ(summary.expected, 2);
  EXPECT_EQ(summary.exit_code(), ExitCode::ok);
  EXPECT_THAT(runs(), ElementsAre("ok", "ok"));
  EXPECT_EQ(text("SELECT count(*) FROM prediction"), "4");
  EXPECT_EQ(text("SELECT value FROM result LIMIT 1"), "0.25");
  EXPECT_EQ(text("SELECT count(*) FROM item"), "3");
  EXPECT_EQ(text("SELECT count(*) FROM stage WHERE state = 'ok' AND kind = 'features'"), "2");
  EXPECT_EQ(text("SELECT count(*) FROM run_stage"), "2");
}

TEST_F(Scheduling, does_nothing_the_second_time) {
  small.add("log_mel", "room");
  run();
  const auto before = events();
  const auto summary = run();
  EXPECT_EQ(summary.cached, 1);
  EXPECT_EQ(summary.attempts, 0);
  EXPECT_EQ(summary.exit_code(), ExitCode::ok);
  EXPECT_EQ(events(), before);
}

TEST_F(Scheduling, tries_a_crash_three_times_as_runs_of_their_own) {
  small.add("", "crash");
  const auto summary = run();
  EXPECT_EQ(summary.failed, 1);
  EXPECT_EQ(summary.exit_code(), ExitCode::cells_not_ok);
  EXPECT_THAT(runs(), ElementsAre("failed signal", "failed signal", "failed signal"));
  EXPECT_EQ(text("SELECT signal FROM run"), "11");
  EXPECT_THAT(text("SELECT error FROM run"), HasSubstr("signal 11"));
}

TEST_F(Scheduling, ends_ok_when_a_later_attempt_does) {
  small.add("", "flaky");
  EXPECT_EQ(run().ok, 1);
  EXPECT_THAT(runs(), ElementsAre("failed signal", "ok"));
}

TEST_F(Scheduling, carries_on_with_a_fresh_worker_after_a_crash) {
  small.plan.experiment.resources.jobs = 1;
  small.add("", "crash");
  small.add("", "exit");
  small.add("", "room");
  const auto summary = run();
  EXPECT_EQ(summary.failed, 2);
  EXPECT_EQ(summary.ok, 1);
}

TEST_F(Scheduling, does_not_repeat_an_error_with_a_type_until_the_next_invocation) {
  small.add("", "config");
  small.add("", "bug");
  EXPECT_EQ(run().failed, 2);
  EXPECT_THAT(runs(), ::testing::UnorderedElementsAre("failed config", "failed bug"));
  run();
  EXPECT_EQ(runs().size(), 4u);
}

TEST_F(Scheduling, counts_attempts_on_from_earlier_invocations) {
  small.add("", "config");
  run();
  HeardProgress heard;
  run(heard);
  ASSERT_EQ(heard.cells.size(), 2u);
  EXPECT_EQ(heard.cells[0].at("event"), "cell_started");
  EXPECT_EQ(heard.cells[0].at("attempt"), 2);
  EXPECT_EQ(heard.cells[1].at("event"), "cell_finished");
  EXPECT_EQ(heard.cells[1].at("attempt"), 2);
}

TEST_F(Scheduling, skips_what_is_not_supported) {
  small.add("", "unsupported");
  const auto summary = run();
  EXPECT_EQ(summary.skipped, 1);
  EXPECT_EQ(summary.failed, 0);
  EXPECT_EQ(summary.exit_code(), ExitCode::cells_not_ok);
  EXPECT_THAT(runs(), ElementsAre("skipped unsupported"));
}

TEST_F(Scheduling, stops_submitting_what_fails_the_same_way_again_and_again) {
  small.plan.experiment.resources.jobs = 1;
  for (int seed = 0; seed < 9; ++seed)
    small.add("", "config", seed);
  small.add("", "room");
  const auto summary = run();
  EXPECT_EQ(summary.failed, 5);
  EXPECT_EQ(summary.unfinished, 4);
  EXPECT_EQ(summary.ok, 1);
  ASSERT_EQ(summary.not_begun.size(), 1u);
  EXPECT_EQ(summary.not_begun.begin()->second, 4);
}

// Regression: crashes did not open the circuit breaker.
TEST_F(Scheduling, stops_submitting_what_crashes_the_same_way_again_and_again) {
  small.plan.experiment.resources.jobs = 1;
  for (const char* task : {"crash", "exit"})
    for (int seed = 0; seed < 9; ++seed)
      small.add("", task, seed);
  const auto summary = run();
  EXPECT_EQ(summary.failed, 10);
  EXPECT_EQ(summary.unfinished, 8);
  EXPECT_EQ(summary.attempts, 30);
  EXPECT_EQ(summary.not_begun.size(), 2u);
}

// Regression: the logs of a second invocation overwrote those of the first.
TEST_F(Scheduling, keeps_the_logs_of_a_stage_that_failed_in_an_earlier_invocation) {
  small.add("config", "room");
  run();
  run();
  EXPECT_EQ(text("SELECT count(*) FROM run"), "2");
  EXPECT_EQ(text("SELECT count(DISTINCT log) FROM run"), "2");
}

TEST_F(Scheduling, keeps_a_log_of_every_attempt) {
  small.add("", "crash");
  const auto summary = run();
  ASSERT_EQ(summary.failures.size(), 1u);
  EXPECT_TRUE(summary.failures[0].log.ends_with("-3.log"));
  EXPECT_THAT(text_of(summary.failures[0].log), HasSubstr("signal 11"));
  EXPECT_EQ(text("SELECT count(DISTINCT log) FROM run"), "3");
}

TEST_F(Scheduling, lets_running_cells_save_and_begins_no_more_after_a_signal) {
  small.plan.experiment.resources.jobs = 1;
  small.add("", "patient");
  small.add("", "room");
  interrupt_after(400, SIGINT);
  const auto summary = run();
  EXPECT_EQ(summary.exit_code(), ExitCode::interrupted);
  EXPECT_EQ(summary.unfinished, 2);
  EXPECT_EQ(summary.failed, 0);
  EXPECT_THAT(runs(), ElementsAre("killed"));
  small.plan.cells.erase(small.plan.cells.begin());
  EXPECT_EQ(run().exit_code(), ExitCode::ok);
}

TEST_F(Scheduling, ends_at_once_after_a_second_signal) {
  small.add("", "hang");
  interrupt_after(400, SIGTERM);
  std::jthread second([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    kill(getpid(), SIGTERM);
  });
  const auto summary = run();
  EXPECT_LT(summary.seconds, 5);
  EXPECT_EQ(summary.exit_code(), ExitCode::terminated);
  EXPECT_THAT(runs(), ElementsAre("killed"));
}

TEST_F(Scheduling, ends_in_good_order_when_the_session_is_closed) {
  small.plan.experiment.resources.jobs = 1;
  small.add("", "patient");
  interrupt_after(400, SIGHUP);
  EXPECT_EQ(run().exit_code(), ExitCode::terminated);
  EXPECT_THAT(runs(), ElementsAre("killed"));
}

TEST_F(Scheduling, leaves_a_cell_to_the_runner_that_has_it) {
  const auto& cell = small.add("", "room");
  small.decide(store);
  record(small.plan, store);
  Store other(folder / "results.db", Store::Mode::write);
  record(small.plan, other);
  const auto claim = other.begin_run(cell.key);
  ASSERT_TRUE(claim);
  std::jthread finisher([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    RunRecord done;
    done.state = "ok";
    other.finish_run(*claim, done);
  });
  const auto summary = run();
  EXPECT_EQ(summary.ok, 1);
  EXPECT_EQ(summary.elsewhere, 1);
  EXPECT_EQ(summary.attempts, 0);
}

TEST_F(Scheduling, runs_a_cell_that_stands_twice_in_the_plan_once) {
  small.add("", "room");
  small.add("", "room");
  const auto summary = run();
  EXPECT_EQ(summary.ok, 2);
  EXPECT_THAT(runs(), ElementsAre("ok"));
}

}  // namespace
}  // namespace earshot::host
