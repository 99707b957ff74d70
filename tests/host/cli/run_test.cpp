#include <cstdlib>
#include <map>
#include <sstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

TEST(Run, shows_a_table_of_tasks_and_encoders_and_how_complete_it_is) {
  const Sandbox sandbox;
  const auto ended = sandbox.run("r");
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out,
              AllOf(HasSubstr("log_mel  level_only"), HasSubstr("probe"),
                    HasSubstr("done  8 cells: 8 ok; 8 run"), HasSubstr("runner compare tones")));
  EXPECT_THAT(ended.out, Not(HasSubstr("\x1b")));
}

TEST(Run, reports_to_programs_one_event_per_line) {
  const Sandbox sandbox;
  const auto ended = sandbox.run("r", {"--progress", "json"});
  std::map<std::string, int> events;
  Json last;
  std::istringstream lines(ended.out);
  for (std::string line; std::getline(lines, line);) {
    last = Json::parse(line);
    ++events[last.at("event")];
  }
  EXPECT_EQ(events["plan"], 1);
  EXPECT_EQ(events["cell_started"], 8);
  EXPECT_EQ(events["cell_finished"], 8);
  EXPECT_EQ(last.at("event"), "summary");
  EXPECT_EQ(last.at("ok"), 8);
  EXPECT_EQ(last.at("exit"), 0);
}

TEST(Run, with_a_selection_expects_only_those_cells) {
  const Sandbox sandbox;
  EXPECT_THAT(sandbox.run("r", {"--only", "task=near"}).out,
              HasSubstr("done  2 cells: 2 ok; 2 run"));
  EXPECT_THAT(sandbox.run("r", {"--limit", "3"}).out, HasSubstr("done  3 cells"));
  EXPECT_THAT(sandbox.run("r", {"--dry-run"}).out, HasSubstr("tones: "));
}

// Regression: --failed --dry-run showed the plan without --failed.
TEST(Run, of_failed_cells_is_planned_as_such) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r", {"--only", "task=near"}).code, 0);
  const auto plan = sandbox.run("r", {"--failed", "--dry-run"});
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out, AllOf(HasSubstr("--failed"), HasSubstr("left out"), Not(HasSubstr("new"))));
}

TEST(Run, without_progress_still_shows_the_results) {
  const Sandbox sandbox;
  const auto ended = sandbox.run("r", {"--progress", "none"});
  EXPECT_THAT(ended.out, AllOf(HasSubstr("log_mel  level_only"), HasSubstr("done  8 cells")));
}

TEST(Run, continues_when_the_reader_of_its_output_is_gone) {
  const Sandbox sandbox;
  sandbox.run("r", {"--dry-run"});
  const auto command = "cd '" + sandbox.data().parent_path().string() +
                       "' && { " EARSHOT_BUILD_DIR
                       "/bin/runner tones.toml --results r/results.db; echo $? > code; } | true";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(text_of(sandbox / "code"), "0\n");
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM run WHERE state = 'ok'"), "8");
}

TEST(Run, stores_4_bytes_per_item_for_the_interval_of_a_score) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r").code, 0);
  const std::string stored = "FROM contribution JOIN run USING (run_id) WHERE length(packed)";
  EXPECT_NE(sandbox.query("r", "SELECT count(*) " + stored + " > 12"), "0");
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) " + stored + " > 12 + 4 * used"), "0");
}

// Regression: a full disk behind standard output was not noticed: the exit code was 0.
TEST(Output, that_cannot_be_written_is_a_failure) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r").code, 0);
  for (const std::string command :
       {"export tones --results r/results.db", "export tones --canonical --results r/results.db",
        "query leaderboard --results r/results.db", "status tones --results r/results.db",
        "experiments --results r/results.db", "--help", "version", "run --help",
        "tones.toml --results r/results.db"}) {
    for (const std::string where : {"> /dev/full", ">&-"}) {
      const auto all = "cd '" + sandbox.data().parent_path().string() +
                       "' && " EARSHOT_BUILD_DIR "/bin/runner " + command + " " + where +
                       " 2> said";
      const int status = std::system(all.c_str());
      EXPECT_EQ(WEXITSTATUS(status), 1) << command << where;
      EXPECT_THAT(text_of(sandbox / "said"), HasSubstr("standard output could not be written"))
          << command << where;
    }
  }
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM run"), "8") << "nor is the file written into";
}

// Regression: a results file that was removed during a run took all further results with it,
// silently.
TEST(Results, that_are_removed_during_a_run_end_it_with_a_message) {
  const Sandbox sandbox;
  auto text = Sandbox::experiment();
  text.replace(text.find("seed = [0, 1, 2]"), 16,
               "seed = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]");
  sandbox.write_experiment(text);
  auto runner = sandbox.start("r", {"-j", "1", "--progress", "plain"});
  runner.wait_for("ok");
  std::filesystem::remove(sandbox / "r/results.db");
  const auto ended = runner.wait();
  EXPECT_EQ(ended.code, 4) << ended.out;
  EXPECT_THAT(ended.err, HasSubstr("was removed or replaced"));
}

TEST(Select, gives_test_numbers_only_to_the_best_on_validation) {
  const Sandbox sandbox;
  auto text = Sandbox::experiment();
  text.replace(text.find("seed = [0, 1, 2]"), 16, "seed = [0]\n\"task.n_train\" = [4, 20]");
  text.replace(text.find("root = \"data\""), 13, "root = \"data\", validation = 0.2");
  sandbox.write_experiment(text +
                           "[select]\nover = [\"task.n_train\"]\nby = \"validation.accuracy\"\n");
  const auto ended = sandbox.run("r");
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  // Two encoders: two candidates each on validation, one test; and two nearest-neighbour cells.
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM run WHERE state = 'ok'"), "8");
  EXPECT_EQ(sandbox.query("r", "SELECT count(DISTINCT cell_key) FROM result WHERE task = 'probe'"),
            "2");
  const auto again = sandbox.run("r");
  EXPECT_THAT(again.out, HasSubstr(" 0 run, 8 cached")) << again.err;
}

}  // namespace
}  // namespace earshot::testing
