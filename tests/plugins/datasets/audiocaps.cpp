#include "audiocaps.hpp"

#include <gmock/gmock.h>

#include "data_folder.hpp"
#include "files.hpp"
#include "temporary_folder.hpp"

namespace audiocaps {
namespace {

namespace fs = std::filesystem;
using earshot::Options;
using earshot::Path;
using earshot::Split;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;
using Given = std::map<std::string, earshot::OptionValue>;

AudioCaps open(const fs::path& root, Given options = {}) {
  options["root"] = Path{root};
  return {Options(AudioCaps::options(), options), {.device = at::kCPU}};
}

class AudioCapsTables : public testing::Test {
 protected:
  void SetUp() override {
    const std::string header = "audiocap_id,youtube_id,start_time,caption\n";
    earshot::testing::write(folder_ / "train.csv",
                            header + "1,-a_b,20,\"rain, wind\"\n2,c,0,dog\n");
    earshot::testing::write(folder_ / "test.csv", header + "3,x,5,one\n4,y,5,other\n5,x,5,two\n");
  }
  earshot::testing::TemporaryFolder folder_{};
};

TEST_F(AudioCapsTables, give_a_training_item_per_caption_and_a_test_item_per_clip) {
  const auto data = open(folder_.path());
  ASSERT_EQ(data.size(), 4);
  const auto first = data.item(0), test = data.item(2);
  EXPECT_EQ(first.id, "train--a_b-20-1");
  EXPECT_EQ(first.clips.front().file, folder_ / "train/Y-a_b.wav");
  EXPECT_THAT(first.question->answers, ElementsAre("rain, wind"));
  EXPECT_EQ(test.id, "test-x-5");
  EXPECT_EQ(test.split, Split::test);
  EXPECT_THAT(test.question->answers, ElementsAre("one", "two"));
  EXPECT_EQ(test.groups.at("clip"), "x");
  EXPECT_EQ(test.slices.at("gold_from"), "audio");
  EXPECT_EQ(data.slice_roles().at(earshot::SliceRole::answer_origin), "gold_from");
}

TEST_F(AudioCapsTables, find_clips_by_a_pattern) {
  const auto data =
      open(folder_.path(),
           {{"audio", Path{"/clips"}}, {"pattern", std::string("{youtube_id}_{start_time}.flac")}});
  EXPECT_EQ(data.item(0).clips.front().file, "/clips/-a_b_20.flac");
  for (const auto* pattern : {"{video}.wav", "{youtube_id"})
    EXPECT_THAT(
        [&] {
          open(folder_.path(), {{"pattern", std::string(pattern)}});
        },
        ThrowsMessage<earshot::ConfigError>(HasSubstr("allowed: {split}")));
}

TEST_F(AudioCapsTables, without_captions_are_refused) {
  EXPECT_THROW(open(folder_ / "none"), earshot::DataError);
  earshot::testing::write(folder_ / "val.csv",
                          "audiocap_id,youtube_id,start_time,caption\n1,a,0,\n");
  EXPECT_THAT([&] { open(folder_.path()); },
              ThrowsMessage<earshot::DataError>(HasSubstr("val.csv:2: caption is empty")));
}

TEST(AudioCapsPublished, test_table_has_five_captions_a_clip) {
  const auto root = earshot::testing::data_folder() / "text/audiocaps";
  if (!fs::exists(root)) GTEST_SKIP() << "no " << root << "; set EARSHOT_DATA";
  const auto captions = open(root);
  std::map<Split, int> clips;
  for (std::int64_t i = 0; i < captions.size(); ++i) {
    EXPECT_EQ(captions.item(i).question->answers.size(), 5U) << captions.item(i).id;
    ++clips[captions.item(i).split];
  }
  EXPECT_EQ(clips[Split::validation], 495);
  EXPECT_EQ(clips[Split::test], 975);
}

}  // namespace
}  // namespace audiocaps
