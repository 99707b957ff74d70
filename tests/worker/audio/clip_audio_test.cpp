#include "worker/audio/clip_audio.hpp"

#include <fstream>

#include <gmock/gmock.h>

#include "../plugin/fixture_plugins.hpp"
#include "protocol/hash.hpp"
#include "sound_file.hpp"
#include "temporary_folder.hpp"
#include "worker/plugin/inputs.hpp"

namespace earshot::worker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A sound of one second and a dataset with it, as planned by the host.
class ClipAudioTest : public ::testing::Test {
 protected:
  void SetUp() override { put(440); }

  void put(double pitch) { earshot::testing::write_sound(sound_, tone(pitch), 16000); }
  static std::vector<float> tone(double pitch) {
    return earshot::testing::tone(16000, pitch, 16000);
  }

  DatasetView planned(bool with_stamp) const {
    protocol::ListedFile file{sound_, protocol::sha256_file(sound_), std::nullopt};
    if (with_stamp) file.stamp = protocol::stamp_of(sound_);
    return view({file});
  }
  DatasetView view(const std::vector<protocol::ListedFile>& files) const {
    protocol::DatasetRef ref{.component = {fixture_plugin("many_items").string(),
                                           "it",
                                           {{"items", 10},
                                            {"folds", 0},
                                            {"group_size", 1},
                                            {"clips", 1},
                                            {"file", sound_.string()}}},
                             .key = "abc"};
    ref.file_hashes = (folder_ / "list").string();
    ref.files_digest = protocol::content_digest(files);
    std::ofstream(folder_ / "list", std::ios::binary) << protocol::list_bytes(files);
    return DatasetView(ref);
  }
  static std::string refusal(ClipAudio& audio) {
    try {
      audio.read(0, 0);
    } catch (const FileChanged& error) {
      return error.what();
    } catch (const DataError& error) {
      return std::string("lost: ") + error.what();
    }
    return "heard";
  }

  earshot::testing::TemporaryFolder folder_;
  std::filesystem::path sound_ = folder_ / "sound.wav";
};

TEST_F(ClipAudioTest, reads_the_file_that_was_planned) {
  for (const bool with_stamp : {true, false}) {
    const auto view = planned(with_stamp);
    ClipAudio audio(view, 1);
    EXPECT_EQ(refusal(audio), "heard");
  }
}

TEST_F(ClipAudioTest, refuses_a_file_with_different_content) {
  for (const bool with_stamp : {true, false}) {
    put(440);
    const auto view = planned(with_stamp);
    put(880);
    ClipAudio audio(view, 1);
    EXPECT_THAT(refusal(audio), AllOf(HasSubstr("sound.wav: it changed"), HasSubstr("run again")));
  }
}

TEST_F(ClipAudioTest, reads_a_file_that_was_only_touched_or_rewritten_unchanged) {
  const auto view = planned(true);
  put(440);
  ClipAudio audio(view, 1);
  EXPECT_EQ(refusal(audio), "heard");
  EXPECT_EQ(refusal(audio), "heard");
}

TEST_F(ClipAudioTest, refuses_a_file_that_was_removed_and_never_counts_it_as_lost) {
  const auto view = planned(true);
  std::filesystem::remove(sound_);
  ClipAudio audio(view, 1);
  EXPECT_THAT(refusal(audio), HasSubstr("sound.wav: it was removed while the experiment ran"));
}

TEST_F(ClipAudioTest, says_why_a_file_cannot_be_read_and_refuses_one_that_was_added_later) {
  const auto view = this->view({{sound_, protocol::unreadable_identity(sound_), std::nullopt}});
  ClipAudio audio(view, 1);
  EXPECT_THAT(refusal(audio), HasSubstr("could not be read during planning"));
  std::filesystem::remove(sound_);
  EXPECT_THAT(refusal(audio), AllOf(HasSubstr("lost: "), HasSubstr("no such file")));
}

}  // namespace
}  // namespace earshot::worker
