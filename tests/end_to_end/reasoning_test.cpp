#include <gmock/gmock.h>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Questions about synthetic scenes, and a byte language model that is trained for only a few
/// steps.
class Reasoning : public ::testing::Test {
 protected:
  Reasoning() {
    sandbox.write_experiment(R"([experiment]
name = "tones"
[dataset.questions]
use = "scene_questions"
options = { clips = 96, seconds = 1.0, sample_rate = 16000 }
[encoder.log_mel]
use = "log_mel"
[mapper.linear]
use = "linear"
[language_model.tiny]
use = "llama"
options = { weights = "random", preset = "tiny", train = "frozen" }
[language_model.tiny.pretrain]
use = "audio_qa"
dataset = "questions"
options = { input = "caption", prefix = 0, max_steps = 3, validate_every = 0, batch_size = 4 }
set = { train = "full" }
[task.reasoning]
use = "audio_qa"
dataset = "questions"
options = { tokens = 4, max_steps = 3, validate_every = 0, batch_size = 4, max_tokens = 8 }
[[matrix]]
encoder = ["log_mel"]
mapper = ["linear"]
language_model = ["tiny"]
task = ["reasoning"]
)");
  }

  Ended command(const std::string& name, std::vector<std::string> words) const {
    words.insert(words.begin(), name);
    words.insert(words.end(), {"--results", "r/results.db"});
    return sandbox.command(std::move(words));
  }
  std::string number(const std::string& metric) const {
    return sandbox.query(
        "r", "SELECT value FROM result WHERE slice = 'all' AND metric = '" + metric + "'");
  }

  Sandbox sandbox;
};

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
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM run"), "2") << "an answer is no result";
}

TEST_F(Reasoning, is_asked_under_labels_of_digits_and_saves_its_adapter_as_peft_does) {
  auto text = text_of(sandbox / "tones.toml");
  text.replace(text.find("train = \"frozen\""), 16, "train = \"lora\"");
  const auto begin = text.find("[language_model.tiny.pretrain]");
  text.erase(begin, text.find("[task.reasoning]") - begin);
  // Labels that look like numbers are still labels when a run is queried.
  text.replace(text.find("[encoder.log_mel]"), 17, "[encoder.1]");
  text.replace(text.find("encoder = [\"log_mel\"]"), 21, "encoder = [\"1\"]");
  sandbox.write_experiment(text);
  ASSERT_EQ(sandbox.run("r").code, 0);
  write_sound(sandbox / "a.wav", tone(16000, 440, 16000), 16000);
  const auto said = command("answer", {"--checkpoint", "1", "a.wav", "what is the sound?"});
  EXPECT_EQ(said.code, 0) << said.err;
  const auto saved = command("export-adapter", {"1", "--to", "adapter"});
  ASSERT_EQ(saved.code, 0) << saved.err;
  EXPECT_THAT(saved.out, HasSubstr("numbers to adapter"));
  EXPECT_THAT(text_of(sandbox / "adapter/adapter_config.json"),
              HasSubstr("\"peft_type\": \"LORA\""));
  const auto model = text_of(sandbox / "adapter/adapter_model.safetensors");
  EXPECT_THAT(model.substr(0, 4000),
              AllOf(HasSubstr("base_model.model."), HasSubstr("lora_A.weight"),
                    HasSubstr("\"format\":\"pt\"")));
  const auto again = command("describe", {"llama", "--option", "preset=tiny", "--option",
                                          "weights=random", "--option", "adapter=adapter"});
  EXPECT_EQ(again.code, 0) << again.err;
  const auto twice = command("export-adapter", {"1", "--to", "adapter"});
  EXPECT_EQ(twice.code, 2);
  EXPECT_THAT(twice.err, HasSubstr("already exists"));
}

TEST_F(Reasoning, has_no_adapter_to_save_where_none_was_trained) {
  ASSERT_EQ(sandbox.run("r").code, 0);
  const auto ended = command("export-adapter", {"1", "--to", "adapter"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("train = \"lora\""));
}

TEST(Complete, shows_tokens_with_the_dialogue_around_them_the_loss_and_what_follows) {
  const Sandbox sandbox;
  const auto complete = [&](std::vector<std::string> words) {
    std::vector<std::string> all{"complete", "llama",       "--option",     "weights=random",
                                 "--option", "preset=tiny", "--max-tokens", "4"};
    all.insert(all.end(), words.begin(), words.end());
    return sandbox.command(all);
  };
  const auto plain = complete({"ab", "--answer", "c"});
  ASSERT_EQ(plain.code, 0) << plain.err;
  EXPECT_THAT(plain.out, AllOf(HasSubstr("prompt: 2 of"), HasSubstr("97\t\"a\""),
                               HasSubstr("tokens of the answer (2)"), HasSubstr("<|endoftext|>"),
                               HasSubstr("loss of the answer: "), HasSubstr("continuation:")));
  const auto chat = complete({"ab", "--option", "chat=chatml"});
  EXPECT_THAT(chat.out,
              HasSubstr(R"(reads: "<|im_start|>user\nab<|im_end|>\n<|im_start|>assistant\n")"));
  const auto json = complete({"ab", "--answer", "c", "--json"});
  EXPECT_THAT(json.out,
              AllOf(HasSubstr("\"tokens\":[[97,\"a\"],[98,\"b\"]]"), HasSubstr("\"counted\":2")));
  EXPECT_EQ(complete({"ab", "--temperature", "-1"}).code, 2);
  EXPECT_EQ(complete({}).code, 2);
  EXPECT_EQ(sandbox.command({"complete", "lama", "x"}).code, 2);
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
