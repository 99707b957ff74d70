#include <gmock/gmock.h>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// The sandbox's tones, with one encoder untrained and one trained to tell them apart.
class Pretraining : public ::testing::Test {
 protected:
  Pretraining() { write("descent", R"(target = "class")"); }

  void write(const std::string& trainer, const std::string& options) const {
    sandbox_.write_experiment(R"([experiment]
name = "tones"
[dataset.tones]
use = "folder"
options = { root = "data" }
[encoder.untrained]
use = "linear_layer"
options = { dim = 3 }
[encoder.trained]
use = "linear_layer"
options = { dim = 3 }
[encoder.trained.pretrain]
use = ")" + trainer + R"("
dataset = "tones"
options = { )" + options + R"( }
[task.near]
use = "knn"
dataset = "tones"
options = { target = "class" }
[task.nearest]
use = "knn"
dataset = "tones"
options = { target = "class", k = 1 }
[[matrix]]
encoder = ["untrained", "trained"]
task = ["near", "nearest"]
)");
  }

  Ended run(std::vector<std::string> words = {}, std::vector<std::string> environment = {}) const {
    words.insert(words.end(), {"--plugin-path", STAGE_FIXTURE_FOLDER});
    return sandbox_.run("r", std::move(words), std::move(environment));
  }
  double accuracy(const std::string& encoder) const {
    return std::stod(sandbox_.query("r",
                                    "SELECT min(value) FROM result WHERE metric = 'accuracy' "
                                    "AND slice = 'all' AND encoder = '" +
                                        encoder + "'"));
  }
  std::filesystem::path state() const {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(sandbox_ / "r/cache/pretrained"))
      if (entry.path().filename() == "encoder.state") return entry.path();
    return {};
  }
  Ended cache(std::vector<std::string> words) const {
    words.insert(words.begin(), "cache");
    words.insert(words.end(), {"--results", "r/results.db"});
    return sandbox_.command(words);
  }

  const Sandbox sandbox_;
};

TEST_F(Pretraining, makes_an_encoder_better_than_its_untrained_self_and_is_done_once) {
  EXPECT_THAT(run({"--dry-run"}).out,
              HasSubstr("encoder trained: pretrained on tones by descent, key "));
  const auto ended = run();
  ASSERT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_GT(accuracy("trained"), 0.8);
  EXPECT_LT(accuracy("untrained"), 0.6);
  EXPECT_EQ(sandbox_.query("r", "SELECT cells FROM cost WHERE kind = 'pretrain'"), "2");
  const auto before = text_of(sandbox_ / "r/results.db");
  EXPECT_THAT(run().out, HasSubstr("done  4 cells: 4 ok; 0 run, 4 cached"));
  EXPECT_TRUE(text_of(sandbox_ / "r/results.db") == before);
  // Only what depends on the changed training runs again.
  EXPECT_THAT(run({"--set", "encoder.trained.pretrain.options.steps=41"}).out,
              HasSubstr(" 2 run, 2 cached"));
}

TEST_F(Pretraining, stays_in_the_cache_and_is_made_again_when_damaged) {
  ASSERT_EQ(run().code, 0);
  const auto bytes = text_of(state());
  EXPECT_THAT(cache({"list"}).out, HasSubstr("trained"));
  EXPECT_THAT(cache({"verify"}).out, HasSubstr("1 pretrained encoders"));
  EXPECT_THAT(cache({"prune", "--max", "0B"}).out, HasSubstr("deleted 4 files"));
  EXPECT_EQ(text_of(state()), bytes);

  std::filesystem::resize_file(state(), bytes.size() - 1);
  const auto verified = cache({"verify"});
  EXPECT_EQ(verified.code, 1);
  EXPECT_THAT(verified.out, HasSubstr("encoder.state"));
  const auto ended = run({"--set", "task.near.options.k=3"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(text_of(state()), bytes);
}

TEST_F(Pretraining, that_fails_fails_its_cells_with_the_reason_and_no_others) {
  const auto ended = run({"--set", "encoder.trained.options.dim=5"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out, HasSubstr("pretraining of trained on tones: 3 classes; this encoder has 5 "
                                   "dimensions"));
  EXPECT_EQ(sandbox_.query("r", "SELECT count(*) FROM run WHERE state = 'ok'"), "2");
  EXPECT_EQ(sandbox_.query("r", "SELECT count(*) FROM stage WHERE kind = 'features'"), "1");
  EXPECT_EQ(state(), "");
}

TEST_F(Pretraining, after_a_kill_gives_the_same_bits) {
  ASSERT_EQ(run().code, 0);
  const auto dump = sandbox_.canonical("r");
  for (const char* point :
       {"partial-state-written:3", "file-before-rename:1", "pretrained-state-written:1"}) {
    SCOPED_TRACE(point);
    std::filesystem::remove_all(sandbox_ / "r");
    const auto hurt = run({"-j", "1"}, {std::string("EARSHOT_FAULT=") + point});
    EXPECT_THAT(hurt.out, HasSubstr("pretraining of trained")) << hurt.err;
    const auto again = run();
    EXPECT_EQ(again.code, 0) << again.out << again.err;
    EXPECT_EQ(sandbox_.canonical("r"), dump);
  }
}

TEST_F(Pretraining, by_representation_ends_with_the_same_bits_after_a_kill) {
  write(
      "representation",
      R"(target = "class", batch_size = 6, max_steps = 60, lr = 0.5, crop_seconds = 0.5, ema = 0.8, )"
      "checkpoint_every = 10, validate_every = 20");
  const auto ended = run();
  ASSERT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_GT(accuracy("trained"), 0.8);
  EXPECT_LT(accuracy("untrained"), 0.6);
  const auto dump = sandbox_.canonical("r");
  std::filesystem::remove_all(sandbox_ / "r");
  const auto hurt = run({"-j", "1"}, {"EARSHOT_FAULT=partial-state-written:3"});
  EXPECT_THAT(hurt.out, HasSubstr("pretraining of trained")) << hurt.err;
  EXPECT_EQ(run().code, 0);
  EXPECT_EQ(sandbox_.canonical("r"), dump);
}

}  // namespace
}  // namespace earshot::testing
