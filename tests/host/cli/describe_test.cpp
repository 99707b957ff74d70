#include <gmock/gmock.h>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

Ended describe(const Sandbox& sandbox, std::vector<std::string> words) {
  words.insert(words.begin(), "describe");
  words.insert(words.end(), {"--results", "r/r.db"});
  return sandbox.command(words);
}

TEST(Describe, shows_options_and_what_an_encoder_needs_and_returns_with_them) {
  const Sandbox sandbox;
  EXPECT_THAT(describe(sandbox, {"log_mel"}).out,
              AllOf(HasSubstr("encoder spectral/log_mel"), ContainsRegex("mels +integer +64"),
                    HasSubstr("With the default options:\n"
                              "needs: 32000 Hz, 1 channel\n"
                              "spec: dim 64, 100 frames per second\n")));
  EXPECT_THAT(describe(sandbox, {"log_mel", "--option", "mels=20"}).out,
              HasSubstr("spec: dim 20,"));
}

TEST(Describe, says_which_option_it_takes_to_know_the_metrics) {
  const Sandbox sandbox;
  EXPECT_THAT(describe(sandbox, {"linear_probe"}).out,
              HasSubstr("are unknown: option 'target' is required; give --option target="));
  EXPECT_THAT(describe(sandbox, {"linear_probe"}).out, HasSubstr("balanced_accuracy"))
      << "its metrics are listed anyway";
  EXPECT_THAT(describe(sandbox, {"linear_probe", "--option", "target=5"}).out,
              AllOf(HasSubstr("evaluator probes/linear_probe"), HasSubstr("uses: features\n"),
                    ContainsRegex("\nbalanced_accuracy +higher +primary")));
  EXPECT_THAT(describe(sandbox, {"folder"}).out, Not(HasSubstr("are unknown")));
}

TEST(Describe, refuses_an_unknown_component_or_option_with_the_nearest) {
  const Sandbox sandbox;
  const auto component = describe(sandbox, {"log_mell"});
  EXPECT_EQ(component.code, 2);
  EXPECT_THAT(component.err, HasSubstr("did you mean 'log_mel'?"));
  const auto option = describe(sandbox, {"log_mel", "--option", "mel=20"});
  EXPECT_EQ(option.code, 2);
  EXPECT_THAT(option.err, HasSubstr("did you mean 'mels'?"));
}

TEST(Describe, takes_a_component_as_an_experiment_has_it) {
  const Sandbox sandbox;
  auto text = Sandbox::experiment();
  text.replace(text.find("use = \"log_mel\""), 15, "use = \"log_mel\"\noptions = { mels = 20 }");
  sandbox.write_experiment(text);
  const auto encoder = describe(sandbox, {"tones.toml:log_mel"});
  EXPECT_EQ(encoder.code, 0) << encoder.err;
  EXPECT_THAT(encoder.out, AllOf(HasSubstr("dim 20"), HasSubstr("'log_mel' in tones.toml")));
  EXPECT_THAT(describe(sandbox, {"tones.toml:log_mel", "--option", "mels=10"}).out,
              HasSubstr("dim 10"));
  EXPECT_THAT(describe(sandbox, {"tones.toml:probe"}).out, HasSubstr("balanced_accuracy"));
  EXPECT_THAT(describe(sandbox, {"tones.toml:log_mell"}).err, HasSubstr("did you mean 'log_mel'?"));
}

TEST(Describe, reads_the_weights_that_an_option_names) {
  const Sandbox sandbox;
  const auto missing = describe(sandbox, {"llama", "--option", "weights=no/such"});
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.err, HasSubstr("no/such"));
  write(sandbox / "m/model.gguf", "GGUF" + std::string(64, '\1'));
  for (const auto* name : {"llama", "mimi", "torchscript"}) {
    const auto gguf = describe(sandbox, {name, "--option", "weights=m/model.gguf"});
    EXPECT_EQ(gguf.code, 2) << name;
    EXPECT_THAT(gguf.err, HasSubstr("is a GGUF file of llama.cpp")) << name;
  }
}

}  // namespace
}  // namespace earshot::testing
