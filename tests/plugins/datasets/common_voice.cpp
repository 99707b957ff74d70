#include "datasets/common_voice/common_voice.hpp"

#include <set>

#include <gmock/gmock.h>

#include "files.hpp"
#include "temporary_folder.hpp"

namespace common_voice {
namespace {

namespace fs = std::filesystem;
using earshot::DataError;
using earshot::Label;
using earshot::Options;
using earshot::Split;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::string version_17 =
    "client_id\tpath\tsentence_id\tsentence\tsentence_domain\tup_votes\tdown_votes\tage\tgender\t"
    "accents\tvariant\tlocale\tsegment\n";
const std::string version_5 =
    "client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender\taccent\tlocale\tsegment\n";

class CommonVoiceCopy : public testing::Test {
 protected:
  void put(const std::string& table, const std::string& text) const {
    earshot::testing::write(root_ / table, text);
  }
  CommonVoice open(std::map<std::string, earshot::OptionValue> options = {}) const {
    options["root"] = earshot::Path{root_};
    return {Options(CommonVoice::options(), options), {.device = at::kCPU}};
  }
  void expect_refusal(const std::string& message) const {
    EXPECT_THAT([&] { open(); }, ThrowsMessage<DataError>(HasSubstr(message)));
  }

  earshot::testing::TemporaryFolder folder_{};
  const fs::path root_ = folder_ / "cy";
};

TEST_F(CommonVoiceCopy, gives_the_published_splits_with_speakers_and_labels) {
  put("train.tsv", version_17 +
                       "s1\ta.mp3\tx\tBore da.\t\t2\t0\ttwenties\tfemale_feminine\tGogledd\tcy-n\t"
                       "cy\t\n"
                       "s1\tb.mp3\ty\tNos da.\t\t2\t0\t\t\t\t\tcy\tBenchmark\n");
  put("dev.tsv", version_17);
  put("test.tsv", version_17 + "s2\tc.mp3\tz\tPwy?\t\t2\t0\tfifties\tmale_masculine\t\t\tcy\t\n");
  const auto data = open();
  ASSERT_EQ(data.size(), 3);
  const auto known = data.item(0), unknown = data.item(1), test = data.item(2);
  EXPECT_EQ(known.id, "a.mp3");
  EXPECT_EQ(known.split, Split::train);
  EXPECT_EQ(known.clips.front().file, root_ / "clips/a.mp3");
  EXPECT_EQ(known.groups.at("speaker"), "s1");
  EXPECT_EQ(known.labels.at("transcript"), Label(std::string("Bore da.")));
  EXPECT_EQ(known.labels.at("accent"), Label(std::string("Gogledd")));
  EXPECT_EQ(known.labels.at("variant"), Label(std::string("cy-n")));
  EXPECT_TRUE(known.slices.empty());
  EXPECT_EQ(unknown.labels.size(), 1U);  // the transcript
  EXPECT_EQ(unknown.slices.at("segment"), "Benchmark");
  EXPECT_EQ(test.split, Split::test);
  std::map<std::string, std::vector<std::string>> classes;
  for (const auto& label : data.labels())
    classes[label.name] = label.classes;
  EXPECT_THAT(classes.at("age"), ElementsAre("fifties", "twenties"));
  EXPECT_THAT(classes.at("gender"), ElementsAre("female_feminine", "male_masculine"));
  EXPECT_TRUE(classes.at("transcript").empty());
  EXPECT_THAT(data.sources(),
              ElementsAre(root_ / "train.tsv", root_ / "dev.tsv", root_ / "test.tsv"));
}

TEST_F(CommonVoiceCopy, reads_older_tables_and_leaves_out_labels_that_no_row_has) {
  put("train.tsv", version_5 + "s1\tcommon_voice_cy_1\tBore da.\t2\t0\t\t\twales\tcy\t\n");
  const auto data = open();
  EXPECT_EQ(data.item(0).clips.front().file, root_ / "clips/common_voice_cy_1.mp3");
  ASSERT_EQ(data.labels().size(), 2U);
  EXPECT_EQ(data.labels().front().name, "accent");
  EXPECT_THAT(data.labels().front().classes, ElementsAre("wales"));
}

TEST_F(CommonVoiceCopy, keeps_quotes_as_they_are_and_reads_any_line_ends) {
  put("train.tsv",
      "\xef\xbb\xbf"
      "client_id\tpath\tsentence\tlicense\r\n"
      "s1\ta.mp3\t\"Bore da,\" meddai.\tCC0-1.0\r\n"
      "s1\tb.mp3\t\"\"\"Na\"\"\"\t\r\n"
      "s1\tc.mp3\t\"\t\r\n");
  const auto data = open();
  ASSERT_EQ(data.size(), 3);
  EXPECT_EQ(data.item(0).labels.at("transcript"), Label(std::string("\"Bore da,\" meddai.")));
  EXPECT_EQ(data.item(1).labels.at("transcript"), Label(std::string("\"\"\"Na\"\"\"")));
  EXPECT_EQ(data.item(2).labels.at("transcript"), Label(std::string("\"")));
  EXPECT_EQ(data.item(0).slices.at("licence"), "CC0-1.0");
  EXPECT_TRUE(data.item(1).slices.empty());
}

TEST_F(CommonVoiceCopy, can_split_all_validated_clips_in_whole_speakers) {
  std::string rows = "client_id\tpath\tsentence\n";
  for (int speaker = 0; speaker < 20; ++speaker)
    for (int clip = 0; clip < 3; ++clip)
      rows += "s" + std::to_string(speaker) + "\t" + std::to_string(speaker) + "_" +
              std::to_string(clip) + ".mp3\tNa\n";
  put("validated.tsv", rows);
  expect_refusal("has no train.tsv, dev.tsv or test.tsv with rows");
  const auto data = open({{"table", std::string("validated")}});
  ASSERT_EQ(data.size(), 60);
  std::map<std::string, std::set<Split>> of;
  std::set<Split> all;
  for (std::int64_t i = 0; i < data.size(); ++i) {
    const auto item = data.item(i);
    of[item.groups.at("speaker")].insert(item.split);
    all.insert(item.split);
  }
  for (const auto& [speaker, splits] : of)
    EXPECT_EQ(splits.size(), 1U) << speaker;
  EXPECT_EQ(all.size(), 3U);
}

TEST_F(CommonVoiceCopy, says_what_is_wrong_in_which_line) {
  expect_refusal("has no train.tsv, dev.tsv or test.tsv");
  const auto table = [&](const std::string& text, const std::string& message) {
    put("train.tsv", text);
    expect_refusal(message);
  };
  const std::string names = "client_id\tpath\tsentence\n";
  table("", "train.tsv: is empty; expected a row of names");
  table(names, "test.tsv with rows");
  table("client_id,path,sentence\n",
        "train.tsv:1: has no column 'client_id'; there are "
        "'client_id,path,sentence'");
  table("client_id\tpath\n", "train.tsv:1: has no column 'sentence'");
  table(names + "s1\ta.mp3\n", "train.tsv:2: has 2 fields; expected 3");
  table(names + "s1\ta.mp3\tone\ttwo\n", "train.tsv:2: has 4 fields; expected 3");
  table(names + "\ta.mp3\tNa\n", "train.tsv:2: client_id is empty");
  for (const std::string path : {"", "..", "../../etc/passwd", "/etc/passwd", "clips/a.mp3"})
    table(names + "s1\t" + path + "\tNa\n", "train.tsv:2: path is '" + path + "'");
  table(names + "s1\ta.mp3\tNa\ns2\ta.mp3\tNa\n",
        "train.tsv:3: names the clip 'a.mp3' again, which train.tsv:2 has");
  table(names + "s1\ta.mp3\tN\xe2\x80\n", "train.tsv:2:11: byte 0xe2 is not UTF-8");
}

TEST_F(CommonVoiceCopy, refuses_a_clip_that_is_in_two_splits) {
  put("train.tsv", "client_id\tpath\tsentence\ns1\ta.mp3\tNa\n");
  put("test.tsv", "client_id\tpath\tsentence\ns1\ta.mp3\tNa\n");
  expect_refusal("test.tsv:2: names the clip 'a.mp3' again, which train.tsv:2 has");
}

}  // namespace
}  // namespace common_voice
