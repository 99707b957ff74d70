#include "datasets/folder/folder.hpp"

#include <fstream>
#include <set>

#include <c10/util/StringUtil.h>

#include <gmock/gmock.h>

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
