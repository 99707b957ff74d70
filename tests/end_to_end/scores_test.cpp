#include <gmock/gmock.h>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// A table of noises that become louder from item to item, with labels of every type.
class Scores : public ::testing::Test {
 protected:
  static constexpr int items = 40;

  void SetUp() override {
    std::string table = "file,kind,level,tags,split,group,set\n";
    for (int i = 0; i < items; ++i) {
      auto wave = tone(1600, 440.0 + i, 8000);
      for (auto& sample : wave)
        sample *= static_cast<float>(0.02 * (1 + i % 20));
      const auto name = std::to_string(i) + ".wav";
      std::filesystem::create_directories(sandbox / "a");
      write_sound(sandbox / "a" / name, wave, 8000);
      const auto kind = i % 20 < 10 ? "soft" : "loud";
      table += "a/" + name + ',' + kind + ',' + std::to_string(i % 20) + ',' + kind + ',' +
               (i < 24 ? "train" : "test") + ",g" + std::to_string(i / 2) + ",all\n";
    }
    write(sandbox / "t.csv", table);
  }

  static std::string text(const std::string& end, const std::string& slices = "",
                          const std::string& of_dataset = "") {
    return R"([experiment]
name = "tones"
[dataset.t]
use = "table"
options = { file = "t.csv", audio = ["file"], labels = ["kind"], numbers = ["level"], sets = ["tags"], split = "split", groups = ["group"], slices = [)" +
           slices + "] }\n" + of_dataset + R"([encoder.level_only]
use = "level_only"
)" + end;
  }

  Sandbox sandbox;
};

TEST_F(Scores, of_a_number_or_a_set_are_in_every_table_without_a_named_head) {
  sandbox.write_experiment(text(R"([task.loudness]
use = "linear_probe"
dataset = "t"
options = { target = "level" }
[task.near]
use = "knn"
dataset = "t"
options = { target = "level" }
[task.tags]
use = "linear_probe"
dataset = "t"
options = { target = "tags" }
[[matrix]]
encoder = ["level_only"]
task = ["loudness", "near", "tags"]
)"));
  const auto ended = sandbox.run("r");
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, AllOf(HasSubstr("loudness  mae"), HasSubstr("near      mae"),
                               HasSubstr("tags      map")));
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM leaderboard"), "3");
  EXPECT_EQ(sandbox.query("r", "SELECT min(n) || max(n) FROM result WHERE slice = 'all'"), "1616");
}

TEST_F(Scores, of_a_seed_that_changes_nothing_are_chosen_and_tested_in_one_call) {
  sandbox.write_experiment(text(R"([encoder.log_mel]
use = "log_mel"
[task.lin]
use = "linear_probe"
dataset = "t"
options = { target = "kind" }
[[matrix]]
encoder = ["level_only", "log_mel"]
task = ["lin"]
seed = [0, 1]
"task.c" = [0.01, 0.1, 1.0]
[select]
over = ["task.c"]
by = "validation.accuracy"
)",
                                "", "validation = 0.25\n"));
  const auto ended = sandbox.run("r");
  EXPECT_EQ(ended.code, 0) << ended.err << ended.out;
  EXPECT_THAT(ended.out, HasSubstr("8 cells: 8 ok"));
  EXPECT_EQ(
      sandbox.query("r", "SELECT count(*) FROM cell_state WHERE split = 'test' AND state = 'ok'"),
      "2");
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM cell_state WHERE state = 'pending'"), "0");
  const auto plan = sandbox.command({"plan", "tones.toml", "--why", "--results", "r/results.db"});
  EXPECT_THAT(plan.out, Not(HasSubstr("cell is gone")));
}

TEST_F(Scores, of_features_that_are_the_same_for_all_clips_come_with_a_warning) {
  for (int i = 1; i < items; ++i)
    std::filesystem::copy_file(sandbox / "a/0.wav", sandbox / "a" / (std::to_string(i) + ".wav"),
                               std::filesystem::copy_options::overwrite_existing);
  sandbox.write_experiment(text(R"([task.lin]
use = "linear_probe"
dataset = "t"
options = { target = "kind" }
[task.near]
use = "knn"
dataset = "t"
options = { target = "kind" }
[[matrix]]
encoder = ["level_only"]
task = ["lin", "near"]
)"));
  const auto ended = sandbox.run("r");
  EXPECT_EQ(ended.code, 0) << ended.err << ended.out;
  EXPECT_THAT(ended.out + ended.err,
              HasSubstr("the features of encoder 'level_only' are the same for all"));
  const auto listed = sandbox.command({"status", "tones", "--results", "r/results.db"});
  EXPECT_THAT(listed.out,
              AllOf(HasSubstr("Warned:"), HasSubstr("near"), HasSubstr("are the same")));
}

TEST_F(Scores, of_items_of_one_group_say_that_nothing_could_be_chosen) {
  auto table = text_of(sandbox / "t.csv");
  for (auto at = table.find(",g"); at != std::string::npos; at = table.find(",g", at + 1))
    if (table[at + 2] >= '0' && table[at + 2] <= '9')
      table.replace(at, table.find(',', at + 1) - at, ",one");
  write(sandbox / "t.csv", table);
  sandbox.write_experiment(text(R"([task.lin]
use = "linear_probe"
dataset = "t"
options = { target = "kind" }
[[matrix]]
encoder = ["level_only"]
task = ["lin"]
)"));
  const auto ended = sandbox.run("r");
  EXPECT_EQ(ended.code, 0) << ended.err << ended.out;
  EXPECT_THAT(ended.out + ended.err,
              HasSubstr("no validation data: the 24 training items are in 1 group"));
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM run WHERE state = 'ok'"), "1");
}

TEST_F(Scores, of_a_dimension_called_all_are_refused_before_anything_runs) {
  auto table = text_of(sandbox / "t.csv");
  table.replace(table.find(",set\n"), 5, ",all\n");
  write(sandbox / "t.csv", table);
  sandbox.write_experiment(text(R"([task.lin]
use = "linear_probe"
dataset = "t"
options = { target = "kind" }
[[matrix]]
encoder = ["level_only"]
task = ["lin"]
)",
                                "\"all\""));
  const auto ended = sandbox.run("r");
  EXPECT_NE(ended.code, 4);
  EXPECT_THAT(ended.out + ended.err, HasSubstr("slice dimension 'all'"));
}

TEST_F(Scores, of_answers_without_a_number_are_refused_with_their_line) {
  sandbox.write_experiment(text(R"([task.loudness]
use = "linear_probe"
dataset = "t"
options = { target = "level" }
[[matrix]]
encoder = ["level_only"]
task = ["loudness"]
)"));
  std::string lines;
  for (int i = 24; i < items; ++i)
    lines += R"({"id": "a/)" + std::to_string(i) + R"(.wav", "prediction": )" +
             (i == 26 ? "null" : "1.5") + "}\n";
  write(sandbox / "theirs.jsonl", lines);
  const auto ended =
      sandbox.command({"import-predictions", "theirs.jsonl", "--experiment", "tones.toml", "--task",
                       "loudness", "--results", "r/results.db"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("theirs.jsonl:3: the prediction is empty; expected a finite"));
}

}  // namespace
}  // namespace earshot::testing
