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
  EXPECT_THAT(ended.out, AllOf(HasSubstr("log_mel  level_only"), HasSubstr("probe"),
                               HasSubstr("done  8 expected = 8 ok   8 run"),
                               HasSubstr("runner compare tones")));
  EXPECT_THAT(ended.out, Not(HasSubstr("\x1b")));
}

TEST(Run, tells_programs_what_happens_one_event_a_line) {
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

TEST(Run, of_some_cells_expects_only_those) {
  const Sandbox sandbox;
  EXPECT_THAT(sandbox.run("r", {"--only", "task=near"}).out,
              HasSubstr("done  2 expected = 2 ok   2 run"));
  EXPECT_THAT(sandbox.run("r", {"--limit", "3"}).out, HasSubstr("done  3 expected"));
  EXPECT_THAT(sandbox.run("r", {"--dry-run"}).out, HasSubstr("tones: "));
}

TEST(Select, gives_test_numbers_only_to_what_is_best_on_validation) {
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
  EXPECT_THAT(again.out, HasSubstr(" 0 run, 8 done before")) << again.err;
}

TEST(Plan, says_the_smallest_detectable_difference_and_what_it_stands_on) {
  const Sandbox sandbox;
  const auto plan = [&] {
    return sandbox.command({"plan", "tones.toml", "--results", "r/results.db"}).out;
  };
  EXPECT_THAT(plan(),
              AllOf(HasSubstr("the smallest accuracy difference detectable with 80 % power"),
                    HasSubstr("assuming that two encoders disagree on 20 % of the items")));
  ASSERT_EQ(sandbox.run("r").code, 0);
  EXPECT_THAT(plan(), AllOf(HasSubstr("stored pair"), Not(HasSubstr("assuming"))));
}

TEST(Repro, prints_the_command_of_one_cell_which_gives_the_same_numbers) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r").code, 0);
  const auto ended = sandbox.command({"repro", "1", "--results", "r/results.db"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto begin = ended.out.rfind("\nrunner ") + 8;
  std::istringstream line(ended.out.substr(begin, ended.out.find('\n', begin) - begin));
  std::vector<std::string> words;
  for (std::string word; line >> word;)
    words.push_back(word);
  const auto repeated = sandbox.command(words);
  EXPECT_EQ(repeated.code, 0) << repeated.err;
  EXPECT_THAT(repeated.out, HasSubstr("done  1 expected = 1 ok"));
}

TEST(Cache, is_listed_verified_and_pruned) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r").code, 0);
  const std::vector<std::string> results{"--results", "r/results.db"};
  EXPECT_THAT(sandbox.command({"cache", "list", "--results", "r/results.db"}).out,
              AllOf(HasSubstr("log_mel"), HasSubstr("level_only")));
  EXPECT_EQ(sandbox.command({"cache", "verify", "--results", "r/results.db"}).code, 0);
  EXPECT_THAT(sandbox.command({"cache", "prune", "--max", "0B", "--results", "r/results.db"}).out,
              HasSubstr("deleted 4 files"));
  EXPECT_EQ(sandbox.run("r", {"--set", "task.near.options.k=3"}).code, 0);
}

TEST(NewPlugin, writes_a_plugin_under_its_own_name) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.command({"new-plugin", "encoder", "my_enc"}).code, 0);
  EXPECT_THAT(text_of(sandbox / "my_enc/plugin.cpp"),
              AllOf(HasSubstr("class MyEnc"), Not(HasSubstr("plugin_name"))));
  EXPECT_EQ(sandbox.command({"new-plugin", "encoder", "my_enc"}).code, 2);
  EXPECT_EQ(sandbox.command({"new-plugin", "encodr", "other"}).code, 2);
  EXPECT_EQ(sandbox.command({"new-plugin", "encoder", "Not-A-Name"}).code, 2);
}

TEST(Listen, writes_items_as_audio_with_their_labels) {
  const Sandbox sandbox;
  const auto ended = sandbox.command({"listen", "tones.toml:tones", "--n", "3", "--out", "heard"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  int waves = 0;
  for (const auto& entry : std::filesystem::directory_iterator(sandbox / "heard"))
    waves += entry.path().extension() == ".wav";
  EXPECT_EQ(waves, 3);
  EXPECT_THAT(text_of(sandbox / "heard/items.csv"), HasSubstr("kind"));
}

TEST(Runner, helps_without_a_worker) {
  const Sandbox sandbox;
  EXPECT_THAT(sandbox.command({"--help"}).out, HasSubstr("check-plugin"));
  EXPECT_THAT(sandbox.command({"run", "--help"}).out, HasSubstr("--worker-prefix"));
  EXPECT_THAT(sandbox.command({"version", "--all"}).out, HasSubstr("sdk2;torch"));
}

}  // namespace
}  // namespace earshot::testing
