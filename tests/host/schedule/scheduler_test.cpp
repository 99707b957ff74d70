#include "host/schedule/scheduler.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include "host/store/inside.hpp"
#include "small_plan.hpp"

// Complete runs of the scheduler with a scripted worker: see scripted_worker.cpp.

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Scheduling : public ::testing::Test {
 protected:
  Scheduling() : store(folder / "results.db", Store::Mode::write) {
    settings.results = folder / "results.db";
    settings.cache = folder / "cache";
    settings.worker_prefix = {SCRIPTED_WORKER};
    setenv("SCRIPTED_WORKER_LOG", (folder / "events").c_str(), 1);
  }

  Summary run(Progress& progress) {
    small.decide(store);
    record(small.plan, store);
    return execute(small.plan, store, settings, progress);
  }
  Summary run() { return run(*make_progress("none", stderr)); }

  /// "state kind" of all runs, in the order in which they began.
  std::vector<std::string> runs() const {
    std::vector<std::string> out;
    Statement rows(connection_of(store), "SELECT state, error_kind FROM run ORDER BY run_id");
    while (rows.step())
      out.push_back(rows.text(0) + (rows.text(1).empty() ? "" : " " + rows.text(1)));
    return out;
  }

  std::string text(const char* sql) const {
    Statement row(connection_of(store), sql);
    return row.step() ? row.text(0) : "nothing";
  }

  std::vector<std::string> events() const {
    std::vector<std::string> out;
    std::ifstream file(folder / "events");
    for (std::string line; std::getline(file, line);)
      out.push_back(line);
    return out;
  }

  void interrupt_after(int milliseconds, int signal) {
    interrupter = std::jthread([=] {
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
      kill(getpid(), signal);
    });
  }

  TemporaryFolder folder;
  Store store;
  SmallPlan small;
  RunSettings settings;
  std::jthread interrupter;
};

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

/// Keeps the events about cells.
class HeardProgress : public Progress {
 public:
  void note(std::string_view) override {}
  void event(const Json& event) override {
    if (event.contains("cell")) cells.push_back(event);
  }
  void tick(const ProgressState&) override {}
  void finish() override {}

  std::vector<Json> cells{};
};

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

TEST_F(Scheduling, fails_only_the_cells_of_the_encoder_that_crashed) {
  small.add("log_mel", "room");
  small.add("crash", "room");
  small.add("crash", "noise");
  const auto summary = run();
  EXPECT_EQ(summary.ok, 1);
  EXPECT_EQ(summary.failed, 2);
  EXPECT_THAT(runs(), ::testing::UnorderedElementsAre("ok", "failed signal", "failed signal"));
  EXPECT_THAT(text("SELECT error FROM run WHERE state = 'failed'"),
              HasSubstr("features of scenes: crash: the worker was killed by signal 11"));
  EXPECT_EQ(text("SELECT attempts FROM stage WHERE state = 'failed'"), "6")
      << "three in the pass that it shared, three alone";
}

TEST_F(Scheduling, computes_what_a_reader_reads_before_it) {
  small.add("mel", "room");
  small.add_reader("units", {"mel"}, "room");
  small.add_reader("words", {"units"}, "room");
  small.plan.cells.erase(small.plan.cells.begin(), small.plan.cells.begin() + 2);
  EXPECT_EQ(run().ok, 1);
  EXPECT_THAT(text_of(folder / "events"),
              ::testing::StartsWith("begin mel\nend mel\nbegin units\nend units\nbegin words\n"));
  EXPECT_EQ(text("SELECT count(*) FROM stage WHERE kind = 'features' AND state = 'ok'"), "3");
  EXPECT_EQ(text("SELECT count(*) FROM run_stage"), "3");
  EXPECT_EQ(text("SELECT group_concat(reads, '; ') FROM (SELECT reads FROM cost WHERE kind = "
                 "'features' ORDER BY reads)"),
            "features; features, from mel; features, from units");
}

TEST_F(Scheduling, fails_the_cells_of_all_readers_of_what_failed_and_no_others) {
  small.add("log_mel", "room");
  small.add("config", "room");
  small.add_reader("units", {"config"}, "room");
  small.add_reader("words", {"units", "log_mel"}, "room");
  small.add_reader("others", {"log_mel"}, "room");
  const auto summary = run();
  EXPECT_EQ(summary.ok, 2);
  EXPECT_EQ(summary.failed, 3);
  EXPECT_EQ(summary.unfinished, 0);
  EXPECT_EQ(text("SELECT count(*) FROM run WHERE error = "
                 "'features of scenes: config: alpha is ''-1''; allowed is 0 or more'"),
            "3");
}

TEST_F(Scheduling, fails_the_cells_of_a_dataset_whose_items_cannot_be_listed) {
  small.add("", "room", 0, "config");
  small.add("", "room", 0, "scenes");
  const auto summary = run();
  EXPECT_EQ(summary.ok, 1);
  EXPECT_THAT(runs(), ::testing::UnorderedElementsAre("ok", "failed config"));
}

TEST_F(Scheduling, trains_an_encoder_once_and_before_its_features) {
  small.add_pretrained("net", "room");
  small.add_pretrained("net", "noise");
  EXPECT_EQ(run().ok, 2);
  const auto events = text_of(folder / "events");
  EXPECT_THAT(events, ::testing::StartsWith("begin training net\nend training net\nbegin net\n"));
  EXPECT_EQ(events.find("training", 40), std::string::npos);
  EXPECT_EQ(text("SELECT bytes || facts FROM stage WHERE kind = 'pretrain' AND state = 'ok'"),
            R"(123{"label":"net","trained":"encoder"})");
  EXPECT_EQ(text("SELECT group_concat(step || ' ' || value, ', ') FROM training "
                 "WHERE kind = 'pretrain' AND curve = 'loss'"),
            "0 2.0, 1 1.0");
  EXPECT_EQ(text("SELECT cells FROM cost WHERE kind = 'pretrain'"), "2");
}

TEST_F(Scheduling, fails_only_the_cells_of_an_encoder_whose_training_failed) {
  small.add_pretrained("config", "room");
  small.add_pretrained("config", "noise");
  small.add("log_mel", "room");
  const auto summary = run();
  EXPECT_EQ(summary.ok, 1);
  EXPECT_EQ(summary.failed, 2);
  EXPECT_EQ(text("SELECT error FROM run WHERE state = 'failed'"),
            "pretraining of config on scenes: alpha is '-1'; allowed is 0 or more");
  EXPECT_EQ(text("SELECT state FROM stage WHERE kind = 'pretrain'"), "failed");
  EXPECT_EQ(text("SELECT count(*) FROM stage WHERE kind = 'features'"), "1");
}

TEST_F(Scheduling, trains_a_reader_once_what_it_learns_from_is_there) {
  small.add("mel", "room");
  small.add_trained_reader("units", {"mel"}, "room");
  small.add_trained_reader("words", {"units"}, "room", {"units"});
  small.plan.cells.erase(small.plan.cells.begin(), small.plan.cells.begin() + 2);
  EXPECT_EQ(run().ok, 1);
  EXPECT_THAT(text_of(folder / "events"),
              ::testing::StartsWith(
                  "begin mel\nend mel\nbegin training units\nend training units\nbegin units\nend "
                  "units\nbegin training words\nend training words\nbegin words\n"));
  EXPECT_EQ(text("SELECT group_concat(cells || kind, ' ') FROM (SELECT cells, kind FROM cost WHERE "
                 "kind IN ('features', 'pretrain') ORDER BY kind)"),
            "1features 1features 1features 1pretrain 1pretrain");
}

TEST_F(Scheduling, fails_the_cells_of_a_reader_that_cannot_learn_from_what_failed_and_no_others) {
  small.add("config", "room");
  small.add("log_mel", "room");
  small.add_trained_reader("units", {"config"}, "room");
  small.add_reader("words", {"units"}, "room").pretrain = {"pretrain-units"};
  small.plan.cells.erase(small.plan.cells.begin());
  const auto summary = run();
  EXPECT_EQ(summary.ok, 1);
  EXPECT_EQ(summary.failed, 2);
  EXPECT_EQ(summary.unfinished, 0);
  EXPECT_EQ(text("SELECT count(*) FROM run WHERE error = "
                 "'features of scenes: config: alpha is ''-1''; allowed is 0 or more'"),
            "2");
  EXPECT_EQ(text("SELECT count(*) FROM stage WHERE kind = 'pretrain'"), "0");
}

TEST_F(Scheduling, runs_wide_stages_alone) {
  small.add("slow", "room");
  small.add("slow", "slow", 0, "other");
  small.add("slow", "noise");
  EXPECT_EQ(run().ok, 3);
  const auto all = events();
  // Both passes have the name "slow", and so has a cell, which runs when its pass has ended.
  for (std::size_t i = 0; i + 1 < all.size(); ++i)
    if (all[i] == "begin slow") {
      EXPECT_EQ(all[i + 1], "end slow");
    }
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

TEST_F(Scheduling, ends_what_a_plugin_has_detached_with_its_worker) {
  small.add("", "detaches");
  run();
  const auto all = events();
  const auto line = std::find_if(all.begin(), all.end(),
                                 [](const auto& text) { return text.starts_with("pid "); });
  ASSERT_NE(line, all.end());
  EXPECT_NE(::kill(std::stoi(line->substr(4)), 0), 0);
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
