#include <gmock/gmock.h>

#include "sandbox.hpp"

// Corpora that are not complete: what is missing or damaged is found, counted, and lost only if
// that is allowed.

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A copy of Common Voice with 24 MP3 clips of twelve speakers, three of whom are for the test.
class CommonVoiceInMp3 : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string train = "client_id\tpath\tsentence\tgender\n", test = train;
    for (int clip = 0; clip < 24; ++clip) {
      const bool high = clip % 2 == 0;
      const auto name = std::to_string(clip) + ".mp3";
      (clip < 18 ? train : test) += "s" + std::to_string(clip / 2) + "\t" + name + "\tNa\t" +
                                    (high ? "female" : "male") + "\n";
      std::filesystem::create_directories(root_ / "clips");
      try {
        write_sound(root_ / "clips" / name, tone(16000, (high ? 220 : 110) + clip, 32000), 32000, 1,
                    SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III);
      } catch (const std::runtime_error&) {
        GTEST_SKIP() << "libsndfile cannot write MP3 here";
      }
    }
    write(root_ / "train.tsv", train);
    write(root_ / "test.tsv", test);
    // Within the first half of its frames the clip becomes zeros, as on a full disk.
    auto damaged = text_of(root_ / "clips/7.mp3");
    write(root_ / "clips/7.mp3", damaged.replace(400, std::string::npos, damaged.size() - 400, 0));
    std::filesystem::remove(root_ / "clips/20.mp3");
  }
  Ended run(const std::string& results, const std::string& allow) const {
    sandbox_.write_experiment(R"([experiment]
name = "tones"
question = "Who speaks?"
[dataset.voices]
use = "common_voice"
options = { root = "cy" }
)" + allow + R"(
[encoder.log_mel]
use = "log_mel"
[task.gender]
use = "knn"
dataset = "voices"
options = { target = "gender" }
[[matrix]]
encoder = ["log_mel"]
task = ["gender"]
seed = [0]
)");
    return sandbox_.run(results);
  }

  Sandbox sandbox_;
  std::filesystem::path root_ = sandbox_ / "cy";
};

TEST_F(CommonVoiceInMp3, is_refused_with_its_damaged_and_missing_clips_unless_they_may_be_lost) {
  const auto refused = run("r", "allow_lost = 1");
  EXPECT_EQ(refused.code, 1) << refused.out << refused.err;
  EXPECT_THAT(refused.out, AllOf(HasSubstr("7.mp3"), HasSubstr("20.mp3"), HasSubstr("allow_lost")));

  const auto allowed = run("r", "allow_lost = 2");
  EXPECT_EQ(allowed.code, 0) << allowed.out << allowed.err;
  EXPECT_EQ(sandbox_.query("r", "SELECT count(*) FROM run WHERE state = 'ok'"), "1");
  EXPECT_EQ(sandbox_.query("r", "SELECT count(*) FROM prediction"), "5");
}

TEST_F(CommonVoiceInMp3, has_its_missing_clip_found_without_a_run) {
  const auto lint =
      sandbox_.command({"lint-data", "common_voice", "--option", "root=" + root_.string()});
  EXPECT_EQ(lint.code, 1);
  EXPECT_THAT(lint.out, AllOf(HasSubstr("missing_audio"), HasSubstr("20.mp3")));
}

}  // namespace
}  // namespace earshot::testing
