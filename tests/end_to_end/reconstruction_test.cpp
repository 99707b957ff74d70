#include <gmock/gmock.h>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::HasSubstr;

const char* experiment = R"([experiment]
name = "tones"
[dataset.tones]
use = "folder"
options = { root = "data" }
limit = 4
[encoder.mimi]
use = "mimi"
options = { weights = "random", preset = "tiny", levels = 2 }
[encoder.encodec]
use = "encodec"
options = { weights = "random", preset = "tiny" }
[encoder.stereo]
use = "encodec"
options = { weights = "random", preset = "tiny_stereo" }
[encoder.level_only]
use = "level_only"
[task.reconstruction]
use = "reconstruction"
dataset = "tones"
[[matrix]]
encoder = ["mimi", "encodec", "stereo", "level_only"]
task = ["reconstruction"]
seed = [0, 1]
)";

TEST(Reconstruction, measures_codecs_and_says_why_it_cannot_measure_another_encoder) {
  const Sandbox sandbox;
  sandbox.write_experiment(experiment);
  const auto ended = sandbox.run("r");
  EXPECT_EQ(ended.code, 1);  // one is skipped
  EXPECT_THAT(sandbox.command({"plan", "tones.toml", "--results", "r/results.db"}).out,
              HasSubstr("encoder 'level_only' is not a codec, which task 'reconstruction' needs"));
  // Nine numbers of four items, four of the run, and the entropies of its two codebooks; the tones
  // are too short for STOI's two.
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM result WHERE slice_dimension = 'all'"),
            std::to_string(3 * (7 + 4 + 2)));
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM result WHERE value IS NULL"), "0");
  EXPECT_EQ(sandbox.query("r",
                          "SELECT count(*) FROM result WHERE slice_dimension = 'all' AND "
                          "metric = 'mel' AND is_primary AND n = 4 AND value > 0"),
            "3");
  EXPECT_EQ(sandbox.query("r", "SELECT count(*) FROM prediction WHERE mark > 0"), "12");
  EXPECT_EQ(sandbox.query("r",
                          "SELECT count(*) FROM cost WHERE kind = 'cell' AND parameters > 1000 "
                          "AND bits_per_second > 0 AND audio_per_second > 0 AND peak_bytes > 0 "
                          "AND effective_rank IS NULL AND reads = 'codes'"),
            "3");
  EXPECT_EQ(sandbox.query("r",
                          "SELECT count(*) FROM result WHERE pretrain_data <> '[]' "
                          "OR in_domain <> 0"),
            "0");
  EXPECT_EQ(sandbox.run("r", {"--skip", "encoder=level_only"}).code, 0);
}

}  // namespace
}  // namespace earshot::testing
