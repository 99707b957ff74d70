#include <gmock/gmock.h>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::HasSubstr;

/// experiments/sensitivity.toml with fewer and shorter clips, run once for all that is asked of it.
class SensitivityExperiment {
 public:
  SensitivityExperiment() {
    const auto ended = sandbox_.command(
        {"run", EARSHOT_SOURCE_DIR "/experiments/sensitivity.toml", "--results", "r/results.db",
         "--set", "dataset.steps.options.clips=12", "--set", "dataset.steps.options.seconds=2.0"});
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  }

  std::string query(const std::string& sql) const { return sandbox_.query("r", sql); }

  double value(const std::string& encoder, const std::string& task, const std::string& quantity,
               const std::string& metric) const {
    const auto text = query(
        "SELECT value FROM result WHERE slice_dimension = 'quantity' AND encoder = '" + encoder +
        "' AND task = '" + task + "' AND slice = '" + quantity + "' AND metric = '" + metric + "'");
    EXPECT_FALSE(text.empty()) << encoder << " " << quantity << " " << metric;
    return text.empty() ? -1 : std::stod(text);
  }

  std::string output(std::vector<std::string> words) const {
    words.insert(words.end(), {"--results", "r/results.db"});
    const auto ended = sandbox_.command(words);
    EXPECT_EQ(ended.code, 0) << ended.err;
    return ended.out;
  }

 private:
  Sandbox sandbox_;
};

void expect_steps_to_change_what_they_should(const SensitivityExperiment& experiment) {
  for (const auto* encoder : {"mimi_random", "encodec_random"})
    EXPECT_EQ(experiment.value(encoder, "codes", "same", "changed"), 0) << encoder;
  for (const auto* encoder : {"mimi_random", "encodec_random", "log_mel", "level_only"})
    EXPECT_EQ(experiment.value(encoder, "features", "same", "relative"), 0) << encoder;
  // This codec normalises its input.
  EXPECT_LT(experiment.value("encodec_random", "codes", "gain", "changed"), 0.01);
  EXPECT_GT(experiment.value("encodec_random", "codes", "shift", "changed"), 0.1);
  for (const auto* metric : {"changed", "changed_01", "changed_02"})
    EXPECT_GT(experiment.value("encodec_random", "codes", "distance", metric), 0.02) << metric;
  EXPECT_GT(experiment.value("log_mel", "features", "distance", "relative"), 0.05);
  EXPECT_GT(experiment.value("level_only", "features", "gain", "distance"),
            10 * experiment.value("level_only", "features", "distance", "distance"));
}

TEST(Sensitivity, of_scenes_tells_which_step_changes_which_codebook) {
  const SensitivityExperiment experiment;
  expect_steps_to_change_what_they_should(experiment);
  EXPECT_EQ(experiment.query("SELECT count(*) FROM result WHERE slice_dimension = 'quantity' "
                             "AND ci_low IS NULL AND coalesce(no_interval, '') = ''"),
            "0")
      << "every number has an interval, or says why not";
  EXPECT_EQ(experiment.query("SELECT count(*) FROM result WHERE slice_dimension = 'quantity' "
                             "AND encoder = 'encodec_random' AND metric = 'changed' "
                             "AND slice NOT IN ('same', 'gain') AND ci_low IS NULL"),
            "0");
  EXPECT_EQ(experiment.query("SELECT count(DISTINCT metric) FROM result WHERE encoder = "
                             "'mimi_random' AND metric LIKE 'changed\\__%' ESCAPE '\\'"),
            "8");
  const auto table = experiment.output(
      {"query", "sensitivity", "encoder=mimi_random", "task=codes", "--format", "csv"});
  EXPECT_THAT(table, HasSubstr("metric,same,shift,gain,distance,reverberation,noise,recorder"));
  // changed, changed_01 to changed_08, relative, and the header
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 11);
  EXPECT_THAT(table, HasSubstr("changed_08,"));
  EXPECT_THAT(experiment.output({"compare", "sensitivity", "--only", "task=codes", "--metric",
                                 "changed_01", "--by", "quantity"}),
              HasSubstr("reverberation"));
}

TEST(Sensitivity, says_that_it_needs_pairs) {
  const Sandbox sandbox;
  sandbox.write_experiment(R"([experiment]
name = "tones"
[dataset.tones]
use = "folder"
options = { root = "data" }
[encoder.level_only]
use = "level_only"
[task.moved]
use = "sensitivity"
dataset = "tones"
options = { reads = "features" }
[[matrix]]
encoder = ["level_only"]
task = ["moved"]
)");
  const auto ended = sandbox.run("r");
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out + ended.err, HasSubstr("has one clip; expected two"));
}

}  // namespace
}  // namespace earshot::testing
