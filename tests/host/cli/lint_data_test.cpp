#include <algorithm>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

Ended lint(const Sandbox& sandbox, std::vector<std::string> words) {
  words.insert(words.begin(), "lint-data");
  words.insert(words.end(), {"--results", "r/r.db"});
  return sandbox.command(words);
}

TEST(LintData, finds_nothing_in_an_experiment_whose_data_are_right) {
  const Sandbox sandbox;
  const auto ended = lint(sandbox, {"tones.toml"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out,
              AllOf(HasSubstr("tones (folder/folder): 70 items, 70 audio files"),
                    HasSubstr("Not found: missing_audio"), Not(HasSubstr("duplicate_choices")),
                    HasSubstr("No problems found.")));
}

TEST(LintData, finds_one_recording_under_two_names_in_training_and_test) {
  const Sandbox sandbox;
  for (const auto* name : {"set/train/a/one.wav", "set/test/a/two.wav", "set/test/b/three.wav"}) {
    std::filesystem::create_directories((sandbox / name).parent_path());
    std::filesystem::copy_file(sandbox.data() / "kind0/0.wav", sandbox / name);
  }
  write_sound(sandbox / "set/test/b/three.wav", tone(1000, 500, 16000), 16000);
  const auto ended = lint(sandbox, {"folder", "--option", "root=set", "--format", "json"});
  EXPECT_EQ(ended.code, 1) << ended.err;
  const auto checks = Json::parse(ended.out).at(0).at("checks");
  const auto same = std::find_if(checks.begin(), checks.end(), [](const auto& check) {
    return check.at("check") == "same_content";
  });
  ASSERT_NE(same, checks.end());
  EXPECT_EQ(same->at("found"), 1);
  EXPECT_THAT(same->at("examples").at(0).get<std::string>(),
              AllOf(HasSubstr("one.wav"), HasSubstr("two.wav")));
}

TEST(LintData, lists_all_that_is_wrong_with_questions_of_which_a_run_names_the_first) {
  const Sandbox sandbox;
  write(sandbox / "q.json",
        R"([{"id": "1", "audio_id": "gone.wav", "question": "who?", "choices": ["a", "b", "b"],)"
        R"( "answer": "c"}, {"id": "2", "audio_id": "data/kind0/0.wav", "question": "who?",)"
        R"( "choices": ["a", "b"], "answer": "a"}])");
  const auto ended = lint(sandbox, {"mmau", "--option", "file=q.json", "--examples", "1"});
  EXPECT_EQ(ended.code, 1) << ended.err;
  EXPECT_THAT(ended.out, AllOf(ContainsRegex("missing_audio +1 "),
                               ContainsRegex("answer_not_among_choices +1 "),
                               ContainsRegex("duplicate_choices +1 "),
                               HasSubstr("1: 'who?', answer 'c', choices 'a', 'b', 'b'")));
  auto text = Sandbox::experiment();
  const std::string folder = "use = \"folder\"\noptions = { root = \"data\" }";
  text.replace(text.find(folder), folder.size(), "use = \"mmau\"\noptions = { file = \"q.json\" }");
  sandbox.write_experiment(text);
  const auto plan = sandbox.command({"plan", "tones.toml", "--results", "r/r.db"});
  EXPECT_THAT(plan.out + plan.err, AllOf(HasSubstr("'c' is not among the choices"),
                                         HasSubstr("'runner lint-data' lists all problems"),
                                         HasSubstr("faulty = \"leave_out\"")));
}

TEST(LintData, plan_and_results_tell_which_rows_an_option_leaves_out) {
  const Sandbox sandbox;
  write(sandbox / "q.json",
        R"([{"id": "1", "audio_id": "data/kind0/0.wav", "question": "who?", "choices": ["a", "b"],)"
        R"( "answer": "c"}, {"id": "2", "audio_id": "data/kind1/1.wav", "question": "who?",)"
        R"( "choices": ["a", "b"], "answer": "a"}, {"id": "3", "audio_id": "data/kind2/2.wav",)"
        R"( "question": "", "choices": ["a", "b"], "answer": "a"}])");
  const auto fault = "q.json, object 1: answer 'c' is not among the choices";
  const std::vector<std::string> options{"mmau", "--option", "file=q.json", "--option",
                                         "faulty=leave_out"};
  const auto linted = lint(sandbox, options);
  EXPECT_EQ(linted.code, 0) << linted.err;
  EXPECT_THAT(linted.out, AllOf(ContainsRegex("left_out_rows +2 "), HasSubstr(fault),
                                HasSubstr("object 3: the question has no text"),
                                HasSubstr("No problems found.")));
  auto json = options;
  json.insert(json.end(), {"--format", "json"});
  EXPECT_THAT(lint(sandbox, json).err,
              HasSubstr(std::string("leaves out 2 rows, such as ") + fault));

  sandbox.write_experiment(R"toml(
[experiment]
name = "tones"
question = "?"
[dataset.questions]
use = "mmau"
options = { file = "q.json", faulty = "leave_out" }
[encoder.level]
use = "level_only"
[task.first]
use = "constant_answer"
dataset = "questions"
options = { rule = "option" }
[[matrix]]
encoder = ["level"]
task = ["first"]
)toml");
  const auto plan = sandbox.command({"plan", "tones.toml", "--results", "r/r.db"});
  EXPECT_THAT(plan.out,
              HasSubstr("dataset 'questions' leaves out 2 rows, such as " + std::string(fault)))
      << plan.err;
  sandbox.command({"run", "tones.toml", "--results", "r/r.db", "--progress", "none"});
  const auto stored =
      sandbox.command({"query", "left-out", "--format", "csv", "--results", "r/r.db"});
  EXPECT_THAT(stored.out, AllOf(HasSubstr("questions,2,0"), HasSubstr(fault))) << stored.err;
}

TEST(LintData, and_plan_tell_what_a_folder_leaves_out) {
  const Sandbox sandbox;
  write(sandbox / "data/kind0/more.m4a", "x");
  std::filesystem::create_directory_symlink(sandbox / "data/kind1", sandbox / "data/kind0/link");
  const auto linted = lint(sandbox, {"tones.toml"});
  EXPECT_EQ(linted.code, 1) << linted.err;
  EXPECT_THAT(linted.out,
              AllOf(ContainsRegex("left_out +2 "), HasSubstr("more.m4a: an unsupported format"),
                    HasSubstr("kind0/link: a link to a folder")));
  const auto plan = sandbox.command({"plan", "tones.toml", "--results", "r/r.db"});
  EXPECT_THAT(plan.out, AllOf(HasSubstr("leaves out 2 files or links"), HasSubstr("lint-data")));
}

TEST(LintData, refuses_a_missing_dataset_and_unknown_names) {
  const Sandbox sandbox;
  EXPECT_THAT(lint(sandbox, {}).err, HasSubstr("DATASET is missing"));
  EXPECT_THAT(lint(sandbox, {"tones.toml:tons"}).err, HasSubstr("did you mean 'tones'?"));
  EXPECT_EQ(lint(sandbox, {"folder", "--option", "root=none"}).code, 2);
}

}  // namespace
}  // namespace earshot::testing
