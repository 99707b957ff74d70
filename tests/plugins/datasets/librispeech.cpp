#include "datasets/librispeech/librispeech.hpp"

#include <set>

#include <gmock/gmock.h>

#include "files.hpp"
#include "temporary_folder.hpp"

namespace librispeech {
namespace {

namespace fs = std::filesystem;
using earshot::DataError;
using earshot::Label;
using earshot::Options;
using earshot::Split;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::ThrowsMessage;
using Texts = std::vector<std::string>;

class LibriSpeechCopy : public testing::Test {
 protected:
  void put(const fs::path& name, const std::string& text = "") const {
    earshot::testing::write(root_ / name, text);
  }
  /// A chapter "dev-clean/84/121" with this transcript.
  void put_chapter(const fs::path& chapter, const std::string& transcript) const {
    const auto name = chapter.parent_path().filename().string() + "-" + chapter.filename().string();
    put(chapter / (name + ".trans.txt"), transcript);
  }
  LibriSpeech open(std::map<std::string, earshot::OptionValue> options = {}) const {
    options["root"] = earshot::Path{root_};
    return {Options(LibriSpeech::options(), options), {.device = at::kCPU}};
  }
  void expect_refusal(const std::string& message) const {
    EXPECT_THAT([&] { open(); }, ThrowsMessage<DataError>(HasSubstr(message)));
  }

  earshot::testing::TemporaryFolder folder_{};
  const fs::path root_ = folder_ / "LibriSpeech";
};

TEST_F(LibriSpeechCopy, gives_utterances_with_speaker_sex_and_transcript) {
  put("SPEAKERS.TXT",
      ";ID  |SEX| SUBSET           |MINUTES| NAME\r\n"
      "60   | M | train-clean-100  | 20.18 | |CBW|Simon\r\n"
      "84   | F | dev-clean        | 8.02  | Christie Nowak\r\n");
  put_chapter("train-clean-100/60/7", "60-7-0000 HE SAID \"NO\"\r\n60-7-0001 IT'S LATE");
  put_chapter("dev-clean/84/121", "84-121-0010 GO DO YOU HEAR\n");
  put_chapter("test-other/99/5", "99-5-0000 YES\n");
  const auto data = open();
  ASSERT_EQ(data.size(), 4);
  const auto first = data.item(0), last = data.item(3), other = data.item(1);
  EXPECT_EQ(first.id, "84-121-0010");
  EXPECT_EQ(first.split, Split::validation);
  EXPECT_EQ(first.clips.front().file, root_ / "dev-clean/84/121/84-121-0010.flac");
  EXPECT_EQ(first.labels.at("speaker"), Label(std::string("84")));
  EXPECT_EQ(first.labels.at("sex"), Label(std::string("F")));
  EXPECT_EQ(first.labels.at("transcript"), Label(std::string("GO DO YOU HEAR")));
  EXPECT_EQ(first.groups,
            (std::map<std::string, std::string>{{"speaker", "84"}, {"chapter", "84-121"}}));
  EXPECT_EQ(first.slices.at("subset"), "dev-clean");
  EXPECT_EQ(other.labels.count("sex"), 0U);  // SPEAKERS.TXT lacks speaker 99
  EXPECT_EQ(other.split, Split::test);
  EXPECT_EQ(last.id, "60-7-0001");
  EXPECT_EQ(last.split, Split::train);
  EXPECT_EQ(data.item(2).labels.at("transcript"), Label(std::string("HE SAID \"NO\"")));
  EXPECT_EQ(data.item(2).labels.at("sex"), Label(std::string("M")));
  const auto labels = data.labels();
  ASSERT_EQ(labels.size(), 3U);
  EXPECT_THAT(labels[0].classes, ElementsAre("60", "84", "99"));
  EXPECT_THAT(labels[1].classes, ElementsAre("F", "M"));
  EXPECT_TRUE(labels[2].classes.empty());
  EXPECT_THAT(data.sources(),
              IsSupersetOf({root_, root_ / "SPEAKERS.TXT", root_ / "dev-clean/84/121",
                            root_ / "dev-clean/84/121/84-121.trans.txt"}));
}

TEST_F(LibriSpeechCopy, has_no_label_for_sex_without_its_table_of_speakers) {
  put_chapter("dev-clean/84/121", "84-121-0000 GO\n");
  EXPECT_EQ(open().labels().size(), 2U);
}

TEST_F(LibriSpeechCopy, takes_the_subsets_that_it_is_asked_for) {
  put_chapter("train-clean-100/60/7", "60-7-0000 NO\n");
  put_chapter("dev-clean/84/121", "84-121-0000 GO\n");
  put_chapter("intro/1/2", "not a subset\n");
  EXPECT_EQ(open().size(), 2);
  EXPECT_EQ(open({{"subsets", Texts{"dev-clean", "dev-clean"}}}).size(), 1);
  EXPECT_THAT(
      [&] {
        open({{"subsets", Texts{"dev-claen"}}});
      },
      ThrowsMessage<earshot::ConfigError>(HasSubstr("'dev-claen', which is not in '" +
                                                    root_.string() +
                                                    "'; there are dev-clean, train-clean-100")));
}

TEST_F(LibriSpeechCopy, can_be_split_by_chapter_so_that_every_speaker_is_known) {
  for (const std::string speaker : {"19", "26"})
    for (int chapter = 10; chapter < 20; ++chapter) {
      const auto name = speaker + "-" + std::to_string(chapter);
      put_chapter(fs::path("train-clean-100") / speaker / std::to_string(chapter),
                  name + "-0000 A\n" + name + "-0001 B\n");
    }
  const auto data = open({{"splits", std::string("chapters")}});
  std::map<std::string, std::set<Split>> of_chapter, of_speaker;
  for (std::int64_t i = 0; i < data.size(); ++i) {
    const auto item = data.item(i);
    EXPECT_EQ(item.groups.count("speaker"), 0U);
    of_chapter[item.groups.at("chapter")].insert(item.split);
    of_speaker[std::get<std::string>(item.labels.at("speaker"))].insert(item.split);
  }
  EXPECT_EQ(of_chapter.size(), 20U);
  for (const auto& [chapter, splits] : of_chapter)
    EXPECT_EQ(splits.size(), 1U) << chapter;
  for (const auto& [speaker, splits] : of_speaker)
    EXPECT_THAT(splits, IsSupersetOf({Split::train, Split::test})) << speaker;
}

TEST_F(LibriSpeechCopy, says_which_folder_is_not_as_published) {
  expect_refusal("is not a folder; expected the folder LibriSpeech");
  fs::create_directories(root_);
  expect_refusal("has no folder such as train-clean-100");
  fs::create_directories(root_ / "dev-clean/84/121");
  expect_refusal("has no utterances in dev-clean");
  put("dev-clean/84/121/84-121-0000.flac");
  expect_refusal("has audio but no 84-121.trans.txt");
  put_chapter("dev-clean/84/121", "84-121-0000 GO\n");
  put_chapter("dev-other/84/121", "84-121-0000 GO\n");
  expect_refusal("utterance '84-121-0000' is in");
}

TEST_F(LibriSpeechCopy, says_what_is_wrong_in_which_line) {
  const auto transcript = [&](const std::string& text, const std::string& message) {
    put_chapter("dev-clean/84/121", text);
    expect_refusal(message);
  };
  transcript("84-121-0000 GO\n84-122-0001 NO\n", "84-121.trans.txt:2: begins with '84-122-0001'");
  transcript("84-121-000x GO\n", "84-121.trans.txt:1: begins with '84-121-000x'");
  transcript("84-121-0000\n", "84-121.trans.txt:1: says nothing after '84-121-0000'");
  transcript("84-121-0000 GO\n84-121-0001 \xff\n", "84-121.trans.txt:2:13: byte 0xff is not UTF-8");
  transcript(std::string("84-121-0000 G\0O\n", 16), "84-121.trans.txt:1: has a NUL byte");
  put_chapter("dev-clean/84/121", "84-121-0000 GO\n");
  EXPECT_EQ(open().size(), 1);
  const auto speakers = [&](const std::string& text, const std::string& message) {
    put("SPEAKERS.TXT", text);
    expect_refusal(message);
  };
  speakers(";comment\n84 | X | dev-clean\n", "SPEAKERS.TXT:2: the sex of speaker '84' is 'X'");
  speakers("84 | F\n", "SPEAKERS.TXT:1: has no two columns");
  speakers("84 | F | a\n84 | F | b\n", "SPEAKERS.TXT:2: has speaker '84' again");
}

}  // namespace
}  // namespace librispeech
