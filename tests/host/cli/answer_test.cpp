#include <gmock/gmock.h>

#include "reasoning.hpp"

namespace earshot::testing {
namespace {

using ::testing::HasSubstr;

// Regression: a question that is not UTF-8 ended with "[json.exception.type_error.316]", and a run
// with an option as an axis (task.tokens) could not be asked: "map::at".
TEST_F(Reasoning, trains_answers_scores_again_and_is_asked) {
  const auto ended = sandbox.run("r");
  ASSERT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(std::stod(number("train_steps")), 3);
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM cost WHERE kind = 'pretrain'"), "1");

  const auto nothing = command("rescore", {"tones.toml"});
  EXPECT_EQ(nothing.code, 0) << nothing.err;
  EXPECT_THAT(nothing.out, HasSubstr("nothing to rescore"));
  const auto rescored =
      command("rescore", {"tones.toml", "--set", "task.reasoning.options.scorer=exact"});
  EXPECT_EQ(rescored.code, 0) << rescored.out << rescored.err;
  EXPECT_THAT(rescored.out, HasSubstr("rescored 1 of 1 cells"));
  EXPECT_EQ(number("accuracy"), number("exact"));
  EXPECT_EQ(std::stod(number("train_steps")), 3) << "what its fit reported belongs to it still";
  const auto other = command("rescore", {"tones.toml", "--set", "task.reasoning.options.lr=0.5"});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.out, HasSubstr("more than its scoring changed: task option 'lr' changed"));

  write_sound(sandbox / "a.wav", tone(16000, 440, 16000), 16000);
  const auto said = command("answer", {"--checkpoint", "1", "a.wav", "what is the sound?"});
  EXPECT_EQ(said.code, 0) << said.err;
  const auto chosen =
      command("answer", {"--checkpoint", "1", "a.wav", "a.wav", "which has the sound bark?",
                         "--choice", "first", "--choice", "second", "--json"});
  EXPECT_EQ(chosen.code, 0) << chosen.err;
  EXPECT_THAT(chosen.out, HasSubstr("\"answer\":"));
  const auto latin = command("answer", {"--checkpoint", "1", "a.wav", "what is \xE0 la carte?"});
  EXPECT_EQ(latin.code, 0) << latin.err;
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM run"), "2") << "an answer is no result";
}

TEST_F(Reasoning, refuses_meaningless_questions) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {}, {"--checkpoint", "1"}, {"--checkpoint", "1", "a.wav", "what?"}}) {
    const auto ended = command("answer", words);
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("runner answer: "));
  }
}

}  // namespace
}  // namespace earshot::testing
