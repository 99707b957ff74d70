#include <gmock/gmock.h>

#include "reasoning.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Regression: a label of digits was read as a number, so that the cell of the run was not found.
TEST_F(Reasoning, is_asked_under_labels_of_digits_and_saves_its_adapter_as_peft_does) {
  auto text = text_of(sandbox / "tones.toml");
  text.replace(text.find("train = \"frozen\""), 16, "train = \"lora\"");
  const auto begin = text.find("[language_model.tiny.pretrain]");
  text.erase(begin, text.find("[task.reasoning]") - begin);
  // Labels that look like numbers stay labels when a run is asked.
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

}  // namespace
}  // namespace earshot::testing
