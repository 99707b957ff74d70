#include <gmock/gmock.h>

#include "kills.hpp"

namespace earshot::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Resume, after_a_kill_at_any_moment_gives_the_same_bits) {
  kill_and_resume(8, 1);
}

TEST(Resume, after_a_kill_of_the_runner_at_each_commit_point_gives_the_same_bits) {
  const Sandbox sandbox;
  const Undisturbed undisturbed(sandbox);
  for (const char* point :
       {"store.migrate:1", "store.record_plan.before:1", "store.record_plan.after:1",
        "store.begin_run.before:1", "store.begin_run.after:1", "store.begin_run.after:4",
        "store.finish_run.before:1", "store.finish_run.after:1", "store.finish_run.before:5",
        "store.finish_run.after:8", "store.record_stage.before:1", "store.record_stage.after:2",
        "store.add_items.before:1", "store.add_items.after:1", "schedule.begun:2",
        "schedule.spooled:3"}) {
    SCOPED_TRACE(point);
    const auto killed = sandbox.run(point, {}, {std::string("EARSHOT_FAULT=") + point});
    EXPECT_EQ(killed.signal, SIGKILL) << killed.out << killed.err;
    expect_resumed(sandbox, point, undisturbed);
  }
}

TEST(Resume, after_a_kill_of_workers_at_each_of_their_commit_points_gives_the_same_bits) {
  const Sandbox sandbox;
  const Undisturbed undisturbed(sandbox);
  for (const char* point :
       {"file-before-rename:1", "feature-shard-written:2", "fit-state-written:1", "predicted:2"}) {
    SCOPED_TRACE(point);
    // Every worker dies whenever it first reaches this point: some attempts achieve nothing.
    const auto hurt = sandbox.run(point, {"-j", "1"}, {std::string("EARSHOT_FAULT=") + point});
    EXPECT_THAT(hurt.out, HasSubstr("killed by signal 9")) << hurt.err;
    expect_resumed(sandbox, point, undisturbed);
  }
}

TEST(Resume, of_a_finished_experiment_runs_no_cell_and_writes_nothing) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r").code, 0);
  const auto before = text_of(sandbox / "r/results.db");
  const auto again = sandbox.run("r");
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.out, HasSubstr("done  8 cells: 8 ok; 0 run, 8 cached"));
  EXPECT_TRUE(text_of(sandbox / "r/results.db") == before);
}

TEST(Resume, after_an_axis_grew_runs_only_the_new_cells) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r").code, 0);
  auto text = Sandbox::experiment();
  text.replace(text.find("[0, 1, 2]"), 9, "[0, 1, 2, 3]");
  sandbox.write_experiment(text);
  EXPECT_THAT(sandbox.run("r").out, HasSubstr("done  10 cells: 10 ok; 2 run, 8 cached"));
}

TEST(Resume, does_not_notice_comments_key_order_jobs_or_limits) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r", {"-j", "1"}).code, 0);
  auto text = Sandbox::experiment();
  const std::string options = R"(target = "class", n_train = 20, c = 1.0)";
  text.replace(text.find(options), options.size(), R"(c = 1.0, n_train = 20, target = "class")");
  sandbox.write_experiment("# a comment\n" + text +
                           "[resources]\ntimeout = 99\nmemory = \"8GiB\"\n");
  EXPECT_THAT(sandbox.run("r", {"-j", "3", "--threads", "1"}).out, HasSubstr(" 0 run, 8 cached"));
}

TEST(Resume, after_an_option_changed_runs_what_depends_on_it) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r").code, 0);
  EXPECT_THAT(sandbox.run("r", {"--set", "task.near.options.k=3"}).out,
              HasSubstr(" 2 run, 6 cached"));
}

TEST(Resume, after_a_byte_of_the_data_changed_runs_everything_on_it) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r").code, 0);
  write_sound(sandbox.data() / "kind0" / "0.wav", tone(4000, 777, 16000), 16000);
  EXPECT_THAT(sandbox.run("r").out, HasSubstr(" 8 run   "));
}

TEST(Resume, after_an_interrupt_runs_the_rest) {
  const Sandbox sandbox;
  const Undisturbed undisturbed(sandbox);
  for (const int signal : {SIGINT, SIGTERM}) {
    const auto results = "signal" + std::to_string(signal);
    auto runner = sandbox.start(results, {"-j", "1"});
    runner.wait_for("\nok  ");
    runner.kill(signal);
    const auto ended = runner.wait();
    EXPECT_EQ(ended.code, 128 + signal) << ended.out << ended.err;
    EXPECT_THAT(ended.out,
                ContainsRegex(", [0-9]+ not run; .*\ninterrupted\n"
                              "more  the same command resumes where this run stopped\n"));
    EXPECT_FALSE(std::filesystem::exists(sandbox / results / "results.db-wal"));
    expect_resumed(sandbox, results, undisturbed);
  }
}

TEST(Jobs, at_once_or_one_by_one_give_the_same_bits) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("one", {"-j", "1"}).code, 0);
  ASSERT_EQ(sandbox.run("four", {"-j", "4"}).code, 0);
  EXPECT_EQ(sandbox.canonical("one"), sandbox.canonical("four"));
}

TEST(TwoRunners, on_one_results_file_share_the_work) {
  const Sandbox sandbox;
  auto first = sandbox.start("r"), second = sandbox.start("r");
  const auto a = first.wait(), b = second.wait();
  EXPECT_EQ(a.code, 0) << a.out << a.err;
  EXPECT_EQ(b.code, 0) << b.out << b.err;
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM run"), "8");
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM run WHERE state = 'ok'"), "8");
}

}  // namespace
}  // namespace earshot::testing
