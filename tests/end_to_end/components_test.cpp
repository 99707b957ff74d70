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

Ended describe(const Sandbox& sandbox, std::vector<std::string> words) {
  words.insert(words.begin(), "describe");
  words.insert(words.end(), {"--results", "r/r.db"});
  return sandbox.command(words);
}

Ended check_plugin(const Sandbox& sandbox, const char* plugin, const char* option) {
  const auto file = std::string(EARSHOT_BUILD_DIR "/lib/earshot/plugins/") + plugin;
  return sandbox.command({"check-plugin", file, "--only", "schema", "--option", option});
}

TEST(Plugins, are_listed_with_what_they_add) {
  const Sandbox sandbox;
  const auto rows =
      Json::parse(sandbox.command({"plugins", "--format", "json", "--results", "r/r.db"}).out);
  const bool found = std::any_of(rows.begin(), rows.end(), [](const Json& row) {
    return row.at("plugin") == "spectral" && row.at("component") == "log_mel";
  });
  EXPECT_TRUE(found);
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

TEST(CheckPlugin, refuses_an_option_that_no_component_has_with_the_nearest) {
  const Sandbox sandbox;
  const auto ended = check_plugin(sandbox, "probes.so", "targt=class");
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("no component has an option 'targt'; known: "),
                               HasSubstr("did you mean 'target'?")));
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(check_plugin(sandbox, "probes.so", "target=class").code, 0);
}

TEST(CheckPlugin, fails_what_cannot_be_loaded_whatever_the_options) {
  const Sandbox sandbox;
  write(sandbox / "text.so", "no plugin");
  const auto ended = sandbox.command({"check-plugin", "text.so", "--option", "target=class"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.out, HasSubstr("FAIL     handshake"));
}

TEST(Listen, refuses_an_unknown_option_of_the_dataset_with_the_nearest) {
  const Sandbox sandbox;
  const auto ended =
      sandbox.command({"listen", "tones.toml:tones", "--option", "validatoin=0.5", "--out", "x"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("did you mean 'validation'?"));
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
