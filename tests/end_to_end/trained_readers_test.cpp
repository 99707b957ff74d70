#include <gmock/gmock.h>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// The sandbox's tones: units that k-means learns from a spectrogram, and a network that learns
/// from these units to tell the tones apart.
class TrainedReaders : public ::testing::Test {
 protected:
  TrainedReaders() {
    sandbox_.write_experiment(R"([experiment]
name = "tones"
[resources]
attempts = 1
[dataset.tones]
use = "folder"
options = { root = "data" }
validation = 0.2
[encoder.log_mel]
use = "log_mel"
[encoder.untrained]
use = "kmeans"
from = "log_mel"
options = { k = 8 }
[encoder.units]
use = "kmeans"
from = "log_mel"
options = { k = 8 }
[encoder.units.pretrain]
use = "representation"
dataset = "tones"
options = { objective = "reconstruction", max_steps = 20, batch_size = 8, checkpoint_every = 4, log_every = 1 }
[encoder.words]
use = "code_cnn"
from = "units"
options = { embedding = 8, width = 8, outputs = 8, dropout = 0.0 }
[encoder.words.pretrain]
use = "representation"
dataset = "tones"
options = { target = "class", max_steps = 40, batch_size = 8, lr = 0.01, checkpoint_every = 10 }
[task.near]
use = "knn"
dataset = "tones"
options = { target = "class" }
[task.learn]
use = "representation"
dataset = "tones"
options = { objective = "reconstruction", max_steps = 20, batch_size = 8 }
[[matrix]]
encoder = ["units", "words"]
task = ["near"]
[[matrix]]
encoder = ["untrained"]
task = ["learn"]
)");
  }

  Ended run(const std::string& results, std::vector<std::string> words = {},
            std::vector<std::string> environment = {}) const {
    return sandbox_.run(results, std::move(words), std::move(environment));
  }
  double value(const std::string& encoder, const std::string& metric) const {
    return std::stod(
        sandbox_.query("r", "SELECT value FROM result WHERE slice = 'all' AND metric = '" + metric +
                                "' AND encoder = '" + encoder + "'"));
  }
  double inertia(const std::string& order) const {
    return std::stod(
        sandbox_.query("r",
                       "SELECT value FROM training WHERE kind = 'pretrain' AND curve = "
                       "'train_inertia' ORDER BY step " +
                           order + " LIMIT 1"));
  }
  bool has_partial_state(const std::string& results) const {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(sandbox_ / (results + "/cache/pretrained")))
      if (entry.path().extension() == ".partial") return true;
    return false;
  }

  const Sandbox sandbox_;
};

TEST_F(TrainedReaders, run_as_a_chain_of_trainings_twice_with_identical_rows) {
  EXPECT_THAT(run("r", {"--dry-run"}).out,
              AllOf(HasSubstr("encoder units: pretrained on tones by representation, key "),
                    HasSubstr("encoder words: pretrained on tones by representation, key "),
                    HasSubstr("encoder units: reads features of log_mel\n"),
                    HasSubstr("encoder untrained: reads features of log_mel\n"),
                    HasSubstr("encoder words: reads codes of units\n")));
  const auto ended = run("r");
  ASSERT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_GT(value("units", "accuracy"), 0.8);
  EXPECT_GT(value("words", "accuracy"), 0.8);
  EXPECT_EQ(value("untrained", "train_steps"), 20);
  EXPECT_LT(inertia("DESC"), 0.5 * inertia("ASC"));
  EXPECT_EQ(sandbox_.query("r", "SELECT count(*) FROM cost WHERE kind = 'pretrain'"), "2");
  EXPECT_EQ(sandbox_.query("r", "SELECT count(*) FROM cost WHERE kind = 'features'"), "4")
      << "of log_mel, units as features and as codes, and words";
  ASSERT_EQ(run("again", {"-j", "1"}).code, 0);
  EXPECT_EQ(sandbox_.canonical("again"), sandbox_.canonical("r"));
  EXPECT_THAT(run("r").out, HasSubstr("done  3 cells: 3 ok; 0 run, 3 cached"));
}

TEST_F(TrainedReaders, after_a_kill_go_on_and_give_the_same_bits) {
  ASSERT_EQ(run("r").code, 0);
  const auto dump = sandbox_.canonical("r");
  for (const std::string point : {"partial-state-written:2", "partial-state-written:7",
                                  "feature-shard-written:1", "pretrained-state-written:1"}) {
    SCOPED_TRACE(point);
    const auto hurt = run(point, {"-j", "1"}, {"EARSHOT_FAULT=" + point});
    EXPECT_EQ(hurt.code, 1);
    EXPECT_THAT(hurt.out, HasSubstr("killed by signal 9")) << hurt.err;
    if (point.starts_with("partial")) {
      EXPECT_TRUE(has_partial_state(point)) << "a training is to go on";
    }
    const auto again = run(point);
    EXPECT_EQ(again.code, 0) << again.out << again.err;
    EXPECT_EQ(sandbox_.canonical(point), dump);
  }
}

TEST_F(TrainedReaders, learn_again_only_where_something_changes_that_they_learn_from) {
  ASSERT_EQ(run("r").code, 0);
  const auto trainings = [&] {
    return sandbox_.query("r", "SELECT count(*) FROM stage WHERE kind = 'pretrain'");
  };
  EXPECT_EQ(run("r", {"--set", "task.near.options.k=3"}).code, 0);
  EXPECT_EQ(trainings(), "2");
  EXPECT_EQ(run("r", {"--set", "encoder.words.options.width=4"}).code, 0);
  EXPECT_EQ(trainings(), "3");
  EXPECT_EQ(run("r", {"--set", "encoder.log_mel.options.mels=32"}).code, 0);
  EXPECT_EQ(trainings(), "5");
}

TEST_F(TrainedReaders, fail_with_the_reason_where_they_cannot_learn_so) {
  const auto cropped = run("r", {"--set", "encoder.units.pretrain.options.crop_seconds=0.1"});
  EXPECT_EQ(cropped.code, 1);
  EXPECT_THAT(cropped.out, AllOf(HasSubstr("pretraining of units on tones: crop_seconds is 0.1"),
                                 HasSubstr("only audio is cropped")));
  EXPECT_EQ(sandbox_.query("r", "SELECT count(*) FROM run WHERE state = 'ok'"), "1");
}

}  // namespace
}  // namespace earshot::testing
