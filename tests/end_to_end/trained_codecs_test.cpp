#include <gmock/gmock.h>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::HasSubstr;

/// The sandbox's tones, and two tiny codecs that learn to reconstruct them, one of them against a
/// discriminator.
class TrainedCodecs : public ::testing::Test {
 protected:
  TrainedCodecs() {
    const std::string training =
        "use = \"representation\"\n"
        "dataset = \"tones\"\n"
        "options = { objective = \"reconstruction\", max_steps = 6, batch_size = 4, samples = 1, "
        "validate_every = 3, validation_items = 2, checkpoint_every = 2, log_every = 1 }\n";
    sandbox_.write_experiment(R"([experiment]
name = "tones"
[resources]
attempts = 1
[dataset.tones]
use = "folder"
options = { root = "data" }
limit = 12
validation = 0.2
[encoder.encodec]
use = "encodec"
options = { weights = "random", preset = "tiny", levels = 3, continuous_steps = 1, discriminator = true, discriminator_filters = 2 }
[encoder.encodec.pretrain]
)" + training + R"([encoder.mimi]
use = "mimi"
options = { weights = "random", preset = "tiny", levels = 3, continuous_steps = 1 }
[encoder.mimi.pretrain]
)" + training + R"([task.decoded]
use = "reconstruction"
dataset = "tones"
[[matrix]]
encoder = ["encodec", "mimi"]
task = ["decoded"]
"task.levels" = [1, 3]
)");
  }

  Ended run(const std::string& results, std::vector<std::string> words = {},
            std::vector<std::string> environment = {}) const {
    return sandbox_.run(results, std::move(words), std::move(environment));
  }
  std::string query(const std::string& sql) const { return sandbox_.query("r", sql); }

  const Sandbox sandbox_;
};

TEST_F(TrainedCodecs, are_trained_once_and_decoded_level_by_level) {
  const auto ended = run("r");
  ASSERT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(query("SELECT count(*) FROM cost WHERE kind = 'pretrain'"), "2");
  EXPECT_EQ(query("SELECT count(*) FROM run WHERE state = 'ok'"), "4");
  // 75 and 12.5 frames of 6 bits for each level.
  EXPECT_EQ(query("SELECT group_concat(value, ' ') FROM (SELECT value FROM result WHERE "
                  "metric = 'bits_per_second' AND slice = 'all' ORDER BY value)"),
            "75.0 225.0 450.0 1350.0");
  for (const std::string curve :
       {"train_model_loss", "train_model_mel", "train_model_commitment", "train_model_usage",
        "validation_model_features", "train_discriminator_loss", "gradient_norm_discriminator"})
    EXPECT_GT(query("SELECT count(*) FROM training WHERE curve = '" + curve + "'"), "0") << curve;
  EXPECT_EQ(query("SELECT count(*) FROM training WHERE curve = 'train_loss'"), "6")
      << "of mimi, which has one group";
}

TEST_F(TrainedCodecs, after_a_kill_go_on_and_give_the_same_bits) {
  ASSERT_EQ(run("r").code, 0);
  const auto dump = sandbox_.canonical("r");
  for (const std::string point : {"partial-state-written:1", "partial-state-written:2"}) {
    SCOPED_TRACE(point);
    const auto hurt = run(point, {"-j", "1"}, {"EARSHOT_FAULT=" + point});
    EXPECT_EQ(hurt.code, 1);
    EXPECT_THAT(hurt.out, HasSubstr("killed by signal 9")) << hurt.err;
    const auto again = run(point);
    EXPECT_EQ(again.code, 0) << again.out << again.err;
    EXPECT_EQ(sandbox_.canonical(point), dump);
  }
}

TEST_F(TrainedCodecs, fail_with_the_reason_where_they_cannot_learn_or_decode_so) {
  const auto learns = [&](const std::string& what) {
    return "encoder.mimi.pretrain.options." + what;
  };
  const auto hurt = run("r", {"--only", "encoder=mimi", "--set", learns("objective=masked")});
  EXPECT_EQ(hurt.code, 1);
  EXPECT_THAT(hurt.out, HasSubstr("pretraining of mimi on tones: a codec learns to reconstruct"));
  const auto crowded = run("r", {"--only", "encoder=mimi", "--set", learns("batch_size=100")});
  EXPECT_THAT(crowded.out, HasSubstr("batch_size is 100, and there are only"));
  auto text = text_of(sandbox_ / "tones.toml");
  text.replace(text.find("[1, 3]"), 6, "[4]");
  sandbox_.write_experiment(text);
  const auto deep = run("r", {"--only", "encoder=mimi"});
  EXPECT_EQ(deep.code, 1);
  EXPECT_THAT(deep.out, HasSubstr("levels is 4; allowed: 1 to 3")) << deep.err;
}

}  // namespace
}  // namespace earshot::testing
