#include "host/cli/watch.hpp"

#include <gmock/gmock.h>

#include "commands.hpp"
#include "files.hpp"
#include "sandbox.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t minute = 60'000, now = 1'800'000'000'000;

CellState cell_in(const std::string& state, std::int64_t started = 0, std::int64_t ended = 0) {
  CellState cell;
  cell.state = state;
  cell.started_ms = started;
  cell.ended_ms = ended;
  return cell;
}

TEST(Watched, estimates_from_the_cells_that_ended_last) {
  std::vector<CellState> cells;
  for (int i = 0; i < 6; ++i)  // two at a time, each for a minute
    cells.push_back(cell_in("ok", now - (3 - i / 2) * minute, now - (2 - i / 2) * minute));
  for (int i = 0; i < 8; ++i)
    cells.push_back(cell_in(i < 2 ? "running" : "pending"));
  cells.push_back(cell_in("failed"));
  cells.push_back(cell_in("skipped"));
  const auto found = watched(cells, {}, now);
  EXPECT_DOUBLE_EQ(found.cells_per_second, 2.0 / 60);
  EXPECT_DOUBLE_EQ(found.remaining, 4 * 60);
  EXPECT_FALSE(found.over());
  EXPECT_EQ(watched_text("scenes", found),
            "scenes: 8 of 16 cells done, 2 running, 1 not ok, 1 skipped\n"
            "2 cells per minute, about 4:00 left\n");
}

TEST(Watched, knows_no_rate_from_cells_of_another_day) {
  const auto found = watched({cell_in("ok", now - 90 * minute, now - 80 * minute),
                              cell_in("ok", now + minute, now + 2 * minute), cell_in("pending")},
                             {}, now);
  EXPECT_EQ(found.cells_per_second, 0);
  EXPECT_THAT(watched_text("scenes", found),
              AllOf(HasSubstr("no cell is running now"), Not(HasSubstr("per minute"))));
}

TEST(Watched, counts_a_run_whose_runner_is_gone_as_not_ok) {
  auto gone = cell_in("running", now - minute);
  gone.run = 7;
  const auto found = watched({gone}, {7}, now);
  EXPECT_EQ(found.counts.not_ok, 1);
  EXPECT_TRUE(found.over());
}

TEST_F(Commands, watch_shows_counts_failures_and_scores_once) {
  const auto text = run(watch_command, {"ablation", "--once"});
  EXPECT_THAT(text, AllOf(HasSubstr("ablation: 11 of 12 cells done, 1 not ok\n"),
                          HasSubstr("cells per minute, about "),
                          HasSubstr("\nNot ok, the last first:\n"), HasSubstr("mimi: bad weights"),
                          HasSubstr("\nLast scores:\n"), HasSubstr("accuracy")));
  EXPECT_THAT(usage_of(watch_command, {"ablatio"}), HasSubstr("did you mean 'ablation'"));
  EXPECT_THAT(usage_of(watch_command, {}), HasSubstr("EXPERIMENT is missing"));
  EXPECT_THAT(usage_of(watch_command, {"ablation", "--every", "0"}),
              HasSubstr("allowed are 0.1 to 86400 seconds"));
}

TEST_F(Commands, watch_changes_nothing) {
  const auto before = earshot::testing::text_of(file);
  run(watch_command, {"ablation", "--once"});
  EXPECT_EQ(earshot::testing::text_of(file), before);
}

TEST_F(Commands, watch_shows_names_that_control_terminals_as_text) {
  {
    Store store(file, Store::Mode::write);
    auto more = small({"\x1b[31mred\u202e"}, {"<script>"}, 1);
    more.experiment.name = "more\x1b[2J";
    record(store, more);
    run_cell(store, more.cells[0].key, ok_run());
  }
  const auto text = run(watch_command, {"more\x1b[2J", "--once"});
  EXPECT_THAT(text, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\u202e")), HasSubstr("[31mred")));
}

}  // namespace
}  // namespace earshot::host

namespace earshot::testing {
namespace {

using ::testing::HasSubstr;

TEST(Watch, ends_with_the_experiment) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r", {"--only", "task=near"}).code, 0);
  auto runner = sandbox.start("r");
  const auto watched =
      sandbox.command({"watch", "tones", "--every", "0.1", "--results", "r/results.db"});
  EXPECT_EQ(runner.wait().code, 0);
  EXPECT_EQ(watched.code, 0) << watched.err;
  EXPECT_THAT(watched.out, HasSubstr(" cells done\n"));
  const auto over = sandbox.command({"watch", "tones", "--results", "r/results.db"});
  EXPECT_EQ(over.code, 0);
  EXPECT_THAT(over.out, HasSubstr("tones: 8 of 8 cells done\n"));
}

}  // namespace
}  // namespace earshot::testing
