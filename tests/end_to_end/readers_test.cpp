#include <gmock/gmock.h>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// The sandbox's tones as a reader of a reader tells them: counts of the units of features, beside
/// the features.
class Readers : public ::testing::Test {
 protected:
  Readers() { sandbox_.write_experiment(text()); }

  static std::string text() {
    return R"([experiment]
name = "tones"
[dataset.tones]
use = "folder"
options = { root = "data" }
[encoder.log_mel]
use = "log_mel"
[encoder.units]
use = "units"
from = "log_mel"
[encoder.counts]
use = "counts"
from = ["units", "log_mel"]
[task.near]
use = "knn"
dataset = "tones"
options = { target = "class" }
[[matrix]]
encoder = ["counts"]
task = ["near"]
)";
  }

  Ended run(const std::string& results, std::vector<std::string> words = {},
            std::vector<std::string> environment = {}) const {
    words.insert(words.end(), {"--plugin-path", STAGE_FIXTURE_FOLDER});
    return sandbox_.run(results, std::move(words), std::move(environment));
  }
  Ended command(std::vector<std::string> words) const {
    words.insert(words.end(), {"--plugin-path", STAGE_FIXTURE_FOLDER, "--results", "r/results.db"});
    return sandbox_.command(std::move(words));
  }
  std::string stages(const std::string& results = "r") const {
    return sandbox_.query(
        results,
        "SELECT replace(group_concat(reads, '; '), ',', '') FROM (SELECT reads FROM cost "
        "WHERE kind = 'features' ORDER BY reads)");
  }

  const Sandbox sandbox_;
};

TEST_F(Readers, of_readers_run_as_a_chain_and_are_done_once) {
  EXPECT_THAT(run("r", {"--dry-run"}).out,
              AllOf(HasSubstr("encoder units: reads features of log_mel\n"),
                    HasSubstr("encoder counts: reads codes of units, features of log_mel\n")));
  const auto ended = run("r");
  ASSERT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(stages(), "codes from log_mel; features; features from units and log_mel");
  EXPECT_GT(std::stod(sandbox_.query("r",
                                     "SELECT value FROM result WHERE metric = 'accuracy' AND "
                                     "slice = 'all'")),
            0.8);
  const auto before = text_of(sandbox_ / "r/results.db");
  EXPECT_THAT(run("r").out, HasSubstr("done  1 cell: 1 ok; 0 run, 1 cached"));
  EXPECT_TRUE(text_of(sandbox_ / "r/results.db") == before);
}

TEST_F(Readers, share_what_they_read_with_the_cells_of_that_encoder) {
  auto all = text();
  all.replace(all.find("[\"counts\"]"), 10, "[\"log_mel\", \"units\", \"counts\"]");
  sandbox_.write_experiment(all);
  const auto ended = run("r");
  ASSERT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(stages(),
            "codes from log_mel; features; features from log_mel; features from units and log_mel");
  EXPECT_THAT(sandbox_.command({"status", "tones", "--results", "r/results.db"}).out,
              AllOf(HasSubstr("counts"), HasSubstr("units"), HasSubstr("log_mel")));
}

TEST_F(Readers, run_again_where_what_they_read_changes) {
  ASSERT_EQ(run("r").code, 0);
  EXPECT_THAT(run("r", {"--set", "encoder.units.options.units=4"}).out,
              HasSubstr("done  1 cell: 1 ok; 1 run "));
  EXPECT_THAT(
      command({"plan", "tones.toml", "--set", "encoder.log_mel.options.mels=32", "--why"}).out,
      HasSubstr("source's encoder option 'mels' changed (64 -> 32)"));
}

TEST_F(Readers, after_a_kill_at_each_commit_point_give_the_same_bits) {
  ASSERT_EQ(run("undisturbed").code, 0);
  const auto dump = sandbox_.canonical("undisturbed");
  for (const char* point : {"feature-shard-written:1", "feature-shard-written:2",
                            "file-before-rename:2", "fit-state-written:1"}) {
    SCOPED_TRACE(point);
    const auto hurt = run(point, {"-j", "1"}, {std::string("EARSHOT_FAULT=") + point});
    EXPECT_THAT(hurt.out, HasSubstr("killed by signal 9")) << hurt.err;
    const auto again = run(point);
    EXPECT_EQ(again.code, 0) << again.out << again.err;
    EXPECT_EQ(sandbox_.canonical(point), dump);
  }
}

TEST_F(Readers, read_again_what_is_damaged_or_deleted_in_the_cache) {
  ASSERT_EQ(run("r").code, 0);
  const auto dump = sandbox_.canonical("r");
  int hurt = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(sandbox_ / "r/cache/features"))
    if (entry.path().extension() == ".shard" && ++hurt % 2 == 0)
      std::filesystem::resize_file(entry.path(), entry.file_size() - 1);
    else if (entry.path().extension() == ".shard")
      std::filesystem::remove(entry.path());
  ASSERT_EQ(hurt, 6) << "two shards each of three encoders";
  std::filesystem::remove(sandbox_ / "r/results.db");
  const auto ended = run("r");
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_EQ(sandbox_.canonical("r"), dump);
}

TEST_F(Readers, are_encoded_and_described_as_an_experiment_has_them) {
  const auto described = command({"describe", "tones.toml:counts"});
  EXPECT_EQ(described.code, 0) << described.err;
  EXPECT_THAT(described.out,
              AllOf(HasSubstr("abilities: reader\n"), HasSubstr("from: units, log_mel\n"),
                    HasSubstr("reads: codes, features\n"),
                    HasSubstr("spec: dim 72, one vector for the whole clip\n")));
  EXPECT_THAT(command({"describe", "units"}).out, HasSubstr("reads: features\n"));
  const auto alone = command({"encode", "units", "data/kind0/0.wav", "--to", "x.csv"});
  EXPECT_EQ(alone.code, 2);
  EXPECT_THAT(alone.err, HasSubstr("reads other encoders in place of audio; name them in an "
                                   "experiment file"));
  const auto encoded = command(
      {"encode", "tones.toml:counts", "data/kind0/0.wav", "data/kind1/1.wav", "--to", "x.csv"});
  EXPECT_EQ(encoded.code, 0) << encoded.err;
  const auto codes =
      command({"encode", "tones.toml:units", "data/kind0/0.wav", "--codes", "--to", "codes.csv"});
  EXPECT_EQ(codes.code, 0) << codes.err;
  // The first unit is what counts has counted.
  std::istringstream lines(text_of(sandbox_ / "codes.csv"));
  std::string line;
  std::getline(lines, line);
  std::int64_t zeros = 0, frames = 0;
  while (std::getline(lines, line)) {
    ++frames;
    if (line.substr(line.rfind(',') + 1) == "0") ++zeros;
  }
  EXPECT_NEAR(static_cast<double>(frames), 25, 1);
  std::istringstream counted(text_of(sandbox_ / "x.csv"));
  std::getline(counted, line);
  std::getline(counted, line);
  std::istringstream fields(line);
  for (int field = 0; field < 4; ++field)
    std::getline(fields, line, ',');
  EXPECT_EQ(std::stod(line), static_cast<double>(zeros));
}

}  // namespace
}  // namespace earshot::testing
