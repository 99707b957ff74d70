#include <gmock/gmock.h>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Regression: a copy of an experiment file replaced the experiment of the original.
TEST(Experiments, of_another_file_with_the_same_name_are_asked_about) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r", {"--only", "task=near"}).code, 0);
  auto text = Sandbox::experiment();
  text.replace(text.find("c = 1.0"), 7, "c = 2.0");
  write(sandbox / "copy.toml", text);
  const std::vector<std::string> run{"copy.toml", "--results", "r/results.db"};
  const auto refused = sandbox.command(run);
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err,
              AllOf(HasSubstr("copy.toml: the results already have an experiment 'tones'"),
                    HasSubstr("tones.toml"), HasSubstr("--replace"),
                    HasSubstr("runner experiments rename tones NEW")));
  EXPECT_THAT(sandbox.command({"plan", "copy.toml", "--results", "r/results.db"}).out,
              HasSubstr("from another file"));
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM experiment"), "1");
  sandbox.write_experiment(text);
  EXPECT_EQ(sandbox.run("r", {"--only", "task=near"}).code, 0) << "the same file, changed";
  EXPECT_EQ(sandbox.command({"copy.toml", "--results", "r/results.db", "--only", "task=near"}).code,
            0)
      << "the same text";
  write(sandbox / "copy.toml", Sandbox::experiment());
  EXPECT_EQ(
      sandbox
          .command({"copy.toml", "--results", "r/results.db", "--only", "task=near", "--replace"})
          .code,
      0);
}

TEST(Experiments, are_listed_compared_renamed_and_removed) {
  const Sandbox sandbox;
  ASSERT_EQ(sandbox.run("r", {"--only", "task=near"}).code, 0);
  ASSERT_EQ(sandbox.run("r", {"--only", "task=near", "--set", "task.near.options.k=3"}).code, 0);
  const auto experiments = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "experiments");
    words.insert(words.end(), {"--results", "r/results.db"});
    return sandbox.command(words);
  };
  EXPECT_THAT(experiments({}).out, AllOf(HasSubstr("tones"), HasSubstr("tones.toml")));
  EXPECT_THAT(experiments({"list", "tones"}).out, HasSubstr("yes"));
  EXPECT_THAT(experiments({"diff", "tones"}).out,
              AllOf(HasSubstr("revision 1 -> 2"), HasSubstr("task.near.options.k: added, 3"),
                    HasSubstr("cells: 6 in both, 2 only before, 2 only after")));
  EXPECT_EQ(experiments({"rename", "tones", "../x"}).code, 2);
  EXPECT_EQ(experiments({"rename", "tones", "first"}).code, 0);
  EXPECT_THAT(sandbox.command({"status", "--results", "r/results.db"}).out, HasSubstr("first"));
  EXPECT_THAT(sandbox.command({"status", "first", "--cells", "--results", "r/results.db"}).out,
              HasSubstr("pending"));
  EXPECT_THAT(experiments({"remove", "first"}).out,
              HasSubstr("removed 'first': 2 revisions, 10 cells with 4 runs"));
  EXPECT_THAT(sandbox.command({"status", "--results", "r/results.db"}).out,
              Not(HasSubstr("first")));
  const auto wrong = experiments({"remve", "x"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("did you mean 'remove'?"));
}

}  // namespace
}  // namespace earshot::testing
