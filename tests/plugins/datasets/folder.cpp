#include "datasets/folder/folder.hpp"

#include <cmath>
#include <fstream>
#include <set>

#include <c10/util/StringUtil.h>

#include <gmock/gmock.h>

#include "files.hpp"
#include "sound_file.hpp"
#include "temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;
using earshot::DataError;
using earshot::Label;
using earshot::Options;
using earshot::Split;
using testing::HasSubstr;
using testing::ThrowsMessage;

class Folder : public testing::Test {
 protected:
  void put(const fs::path& name) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << "";
  }
  folder::Folder open(std::map<std::string, earshot::OptionValue> options = {}) const {
    options["root"] = earshot::Path{root_};
    return {Options(folder::Folder::options(), options), {.device = at::kCPU}};
  }
  earshot::testing::TemporaryFolder folder_{};
  const fs::path root_ = folder_ / "root";
};

TEST_F(Folder, names_classes_by_folders_and_skips_what_is_not_audio) {
  put("dog/b.WAV");
  put("cat/deep/a.flac");
  put("cat/notes.txt");
  put("cat/.hidden.wav");
  put(".git/x.wav");
  const auto dataset = open({{"validation", 0.0}, {"test", 0.0}});
  ASSERT_EQ(dataset.size(), 2);
  EXPECT_THAT(dataset.labels().front().classes, testing::ElementsAre("cat", "dog"));
  EXPECT_EQ(dataset.item(0).id, "cat/deep/a.flac");
  EXPECT_EQ(dataset.item(1).clips.front().file, root_ / "dog/b.WAV");
  EXPECT_EQ(dataset.item(1).labels.at("class"), Label(std::string("dog")));
  EXPECT_THAT(dataset.sources(), testing::UnorderedElementsAre(root_, root_ / "cat",
                                                               root_ / "cat/deep", root_ / "dog"));
}

TEST_F(Folder, takes_splits_from_the_folders_above) {
  put("train/dog/a.wav");
  put("validation/dog/b.wav");
  put("test/cat/c.wav");
  const auto dataset = open();
  EXPECT_EQ(dataset.item(0).split, Split::test);
  EXPECT_EQ(dataset.item(1).split, Split::train);
  EXPECT_EQ(dataset.item(2).split, Split::validation);
}

TEST_F(Folder, splits_whole_groups_by_its_seed) {
  for (int speaker = 0; speaker < 20; ++speaker)
    for (const auto* name : {"yes", "no"})
      for (int take = 0; take < 3; ++take)
        put(c10::str(name, "/s", speaker, "_", take, ".wav"));
  const auto splits = [&](std::int64_t seed) {
    const auto dataset = open({{"group", std::string("/(s[0-9]+)_")}, {"seed", seed}});
    std::map<std::string, std::set<Split>> of;
    std::map<Split, int> sizes;
    for (std::int64_t i = 0; i < dataset.size(); ++i) {
      const auto item = dataset.item(i);
      of[item.groups.at("clip")].insert(item.split);
      ++sizes[item.split];
    }
    EXPECT_EQ(of.size(), 20U);
    for (const auto& [speaker, found] : of)
      EXPECT_EQ(found.size(), 1U) << speaker;
    EXPECT_NEAR(sizes[Split::test], 24, 6);
    EXPECT_NEAR(sizes[Split::validation], 12, 6);
    return of;
  };
  EXPECT_EQ(splits(0), splits(0));
  EXPECT_NE(splits(0), splits(1));
}

TEST_F(Folder, skips_files_that_macos_adds) {
  for (const auto* name : {"train/dog/a.wav", "test/dog/b.wav", "train/dog/._a.wav",
                           "train/dog/.DS_Store", "__MACOSX/train/dog/._a.wav"})
    put(name);
  const auto dataset = open();
  ASSERT_EQ(dataset.size(), 2);
  EXPECT_THAT(dataset.labels().front().classes, testing::ElementsAre("dog"));
  EXPECT_EQ(dataset.item(0).split, Split::test);
}

TEST_F(Folder, recognises_splits_next_to_folders_without_audio) {
  for (const auto* name : {"train/dog/a.wav", "test/dog/b.wav", "doc/readme.txt", "empty/x/y.txt"})
    put(name);
  EXPECT_THAT(open().labels().front().classes, testing::ElementsAre("dog"));
  put("extra/c.wav");
  EXPECT_THAT([&] { open(); }, ThrowsMessage<DataError>(HasSubstr("but also 'extra'")));
}

TEST_F(Folder, follows_a_link_to_a_folder_elsewhere) {
  put("dog/a.wav");
  fs::create_directories(folder_ / "elsewhere");
  std::ofstream(folder_ / "elsewhere/b.wav") << "";
  fs::create_directory_symlink(folder_ / "elsewhere", root_ / "dog/more");
  const auto dataset = open();
  ASSERT_EQ(dataset.size(), 2);
  EXPECT_EQ(dataset.item(1).id, "dog/more/b.wav");
  EXPECT_THAT(dataset.sources(), testing::Contains(root_ / "dog/more"));
}

TEST_F(Folder, does_not_follow_links_in_a_cycle_or_to_another_class) {
  put("dog/a.wav");
  put("cat/b.wav");
  fs::create_directory_symlink(root_ / "cat", root_ / "dog/cats");
  fs::create_directory_symlink(root_, root_ / "dog/all");
  fs::create_directories(folder_ / "elsewhere");
  std::ofstream(folder_ / "elsewhere/c.wav") << "";
  fs::create_directory_symlink(folder_ / "elsewhere", folder_ / "elsewhere/again");
  fs::create_directory_symlink(folder_ / "elsewhere", root_ / "dog/more");
  const auto dataset = open();
  ASSERT_EQ(dataset.size(), 3);
  EXPECT_EQ(dataset.item(2).id, "dog/more/c.wav");
}

TEST_F(Folder, has_an_item_for_a_dangling_link) {
  put("cat/a.wav");
  fs::create_symlink("../../.git/annex/objects/b.wav", root_ / "cat/b.wav");
  fs::create_symlink("../nowhere.txt", root_ / "cat/c.txt");
  const auto dataset = open();
  ASSERT_EQ(dataset.size(), 2);
  EXPECT_EQ(dataset.item(1).id, "cat/b.wav");
}

/// A recording with as much sound.
class LongRecordings : public Folder {
 protected:
  void put_sound(const fs::path& name, double seconds, int rate = 16000,
                 int format = SF_FORMAT_WAV | SF_FORMAT_PCM_16) {
    put(name);
    const auto samples = static_cast<std::int64_t>(std::llround(seconds * rate));
    earshot::testing::write_sound(root_ / name, earshot::testing::tone(samples, 440, rate), rate, 1,
                                  format);
  }
  /// "<id> <start> <duration>" of each item.
  static std::vector<std::string> stretches(const folder::Folder& dataset) {
    std::vector<std::string> all;
    for (std::int64_t i = 0; i < dataset.size(); ++i) {
      const auto item = dataset.item(i);
      const auto& clip = item.clips.front();
      all.push_back(c10::str(item.id, " ", clip.start, " ", clip.duration));
    }
    return all;
  }
};

TEST_F(LongRecordings, are_cut_into_as_many_crops_as_fit) {
  put_sound("owl/a.wav", 2.5);
  put_sound("owl/b.flac", 1, 44100, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  put_sound("owl/c.wav", 0.4);
  EXPECT_THAT(stretches(open({{"crop_seconds", 1.0}})),
              testing::ElementsAre("owl/a.wav@0 0 1", "owl/a.wav@1 1 1", "owl/b.flac@0 0 1",
                                   "owl/c.wav 0 0"));
  EXPECT_THAT(stretches(open({{"crop_seconds", 1.0}, {"hop_seconds", 0.7}})),
              testing::ElementsAre("owl/a.wav@0 0 1", "owl/a.wav@0.7 0.7 1", "owl/a.wav@1.4 1.4 1",
                                   "owl/b.flac@0 0 1", "owl/c.wav 0 0"));
  const auto crops = open({{"crop_seconds", 1.0}});
  EXPECT_EQ(crops.item(1).clips.front().file, root_ / "owl/a.wav");
  EXPECT_EQ(crops.item(0).labels.at("class"), Label(std::string("owl")));
  EXPECT_EQ(open().size(), 3);
}

TEST_F(LongRecordings, have_a_last_crop_that_lacks_half_a_sample) {
  put_sound("owl/a.wav", 9922.0 / 11025, 11025);  // three crops are 9922.5 samples
  EXPECT_EQ(open({{"crop_seconds", 0.3}}).size(), 3);
}

TEST_F(LongRecordings, have_all_their_crops_on_one_side_of_a_split) {
  for (int file = 0; file < 20; ++file)
    put_sound(c10::str("owl/", file, ".wav"), 1);
  std::map<std::string, std::set<Split>> of;
  std::map<Split, int> sizes;
  const auto dataset = open({{"crop_seconds", 0.1}});
  ASSERT_EQ(dataset.size(), 200);
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const auto item = dataset.item(i);
    EXPECT_TRUE(item.id.starts_with(item.groups.at("clip") + "@")) << item.id;
    of[item.groups.at("clip")].insert(item.split);
    ++sizes[item.split];
  }
  EXPECT_EQ(of.size(), 20U);
  for (const auto& [file, splits] : of)
    EXPECT_EQ(splits.size(), 1U) << file;
  EXPECT_EQ(sizes[Split::test], 40);
}

TEST_F(LongRecordings, in_mp3_are_as_long_as_their_frames_say_and_not_their_size) {
  try {
    put_sound("owl/a.mp3", 5, 44100, SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III);
  } catch (const std::runtime_error&) {
    GTEST_SKIP() << "libsndfile cannot write MP3 here";
  }
  // What a tag holds, such as a picture of the cover, is not sound.
  const auto sound = earshot::testing::text_of(root_ / "owl/a.mp3");
  earshot::testing::write(root_ / "owl/a.mp3", sound + "TAG" + std::string(125, ' '));
  EXPECT_EQ(open({{"crop_seconds", 1.0}}).size(), 5);
}

TEST_F(LongRecordings, that_cannot_be_opened_are_one_item_each_to_be_lost) {
  put_sound("owl/a.wav", 2);
  earshot::testing::write(root_ / "owl/b.wav", "this is no audio");
  put("owl/c.wav");
  fs::create_symlink("nowhere.wav", root_ / "owl/d.wav");
  EXPECT_THAT(stretches(open({{"crop_seconds", 1.0}})),
              testing::ElementsAre("owl/a.wav@0 0 1", "owl/a.wav@1 1 1", "owl/b.wav 0 0",
                                   "owl/c.wav 0 0", "owl/d.wav 0 0"));
}

TEST_F(LongRecordings, are_refused_with_a_hop_alone_or_millions_of_crops) {
  put_sound("owl/a.wav", 2);
  EXPECT_THAT(
      [&] {
        open({{"hop_seconds", 1.0}});
      },
      ThrowsMessage<earshot::ConfigError>(HasSubstr("without crop_seconds")));
  EXPECT_THAT(
      [&] {
        open({{"crop_seconds", 1.0}, {"hop_seconds", 1e-7}});
      },
      ThrowsMessage<earshot::ConfigError>(HasSubstr("more than 1000000 crops")));
}

TEST_F(Folder, says_what_is_wrong) {
  EXPECT_THAT([&] { open(); }, ThrowsMessage<DataError>(HasSubstr("is not a folder")));
  put("a.wav");
  EXPECT_THAT([&] { open(); }, ThrowsMessage<DataError>(HasSubstr("no audio file in a folder")));
  put("dog/b.wav");
  EXPECT_THROW(open({{"group", std::string("(")}}), earshot::ConfigError);
  EXPECT_THROW(open({{"group", std::string("b")}}), earshot::ConfigError);
  EXPECT_THAT(
      [&] {
        open({{"group", std::string("(x+)")}});
      },
      ThrowsMessage<DataError>(HasSubstr("'dog/b.wav' does not match")));
  EXPECT_THROW(open({{"validation", 0.5}, {"test", 0.5}}), earshot::ConfigError);
}

}  // namespace
