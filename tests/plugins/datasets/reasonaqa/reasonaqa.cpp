#include "reasonaqa.hpp"

#include <gmock/gmock.h>

#include <earshot/kit/questions.hpp>

#include "data_folder.hpp"
#include "files.hpp"
#include "temporary_folder.hpp"

namespace reasonaqa {
namespace {

namespace fs = std::filesystem;
using earshot::DataError;
using earshot::Label;
using earshot::Path;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::ThrowsMessage;
using Given = std::map<std::string, earshot::OptionValue>;

class ReasonAqaRows : public testing::Test {
 protected:
  ReasonAqa open(const std::string& json, Given options = {}) const {
    earshot::testing::write(folder_ / "rows.json", json);
    options["test"] = Path{folder_ / "rows.json"};
    return make(options);
  }
  static ReasonAqa make(const Given& options) {
    return {earshot::Options(ReasonAqa::options(), options),
            {.device = at::kCPU,
             .plugin_dir = fs::path(EARSHOT_SOURCE_DIR) / "plugins/datasets/reasonaqa"}};
  }
  earshot::testing::TemporaryFolder folder_{};
};

/// A row with these texts.
std::string row(const std::string& first, const std::string& second, const std::string& input,
                const std::string& answer, const std::string& subtype = "") {
  return R"({"taskname": "audiocaps", "filepath1": ")" + first + R"(", "filepath2": ")" + second +
         R"(", "caption1": "c1", "caption2": "c2", "input": ")" + input + R"(", "answer": ")" +
         answer + R"(", "subtype": ")" + subtype + "\"}";
}

TEST_F(ReasonAqaRows, become_items_with_two_clips_groups_captions_and_slices) {
  const auto data = open("[" +
                         row("AudioCapsLarger/test/Ya.wav", "AudioCapsLarger/test/Yb.wav",
                             "explain the difference in few words", "one is loud", "ACD-1.json") +
                         "]");
  const auto item = data.item(0);
  EXPECT_THAT(item.id, testing::MatchesRegex("test-1-[0-9a-f]{8}"));
  EXPECT_EQ(item.split, earshot::Split::test);
  ASSERT_EQ(item.clips.size(), 2U);
  EXPECT_EQ(item.clips[1].file, folder_ / "AudioCapsLarger/test/Yb.wav");
  EXPECT_THAT(item.groups, ElementsAre(Pair("clip", "Ya"), Pair("second_clip", "Yb")));
  EXPECT_EQ(item.labels.at("caption"), Label(std::string("c1")));
  EXPECT_EQ(item.labels.at("second_caption"), Label(std::string("c2")));
  EXPECT_THAT(item.slices, ElementsAre(Pair("category", "compare"), Pair("content", "difference"),
                                       Pair("format", "compare"), Pair("gold_from", "caption"),
                                       Pair("subtype", "ACD-1.json")));
  EXPECT_EQ(data.slice_roles().at(earshot::SliceRole::answer_origin), "gold_from");
  EXPECT_EQ(item.question->text, "explain the difference in few words");
  EXPECT_THAT(item.question->answers, ElementsAre("one is loud"));
}

TEST_F(ReasonAqaRows, with_choices_have_them_separate_from_the_question) {
  const auto data =
      open("[" + row("a.wav", "", "which sound? a) rain b) wind", "b) wind") + "," +
           row("a.wav", "", "which sound? a) rain b) wind", "b", "Clotho-MCQ.json") + "]");
  for (const auto index : {0, 1}) {
    const auto item = data.item(index);
    EXPECT_EQ(item.question->text, "which sound?");
    EXPECT_THAT(item.question->choices, ElementsAre("rain", "wind"));
    EXPECT_THAT(item.question->answers, ElementsAre("wind"));
    EXPECT_EQ(item.slices.at("category"), "multiple_choice");
    EXPECT_EQ(item.slices.at("content"), "event");
    EXPECT_EQ(item.clips.size(), 1U);
  }
}

TEST_F(ReasonAqaRows, without_subtype_are_classified_by_their_structure) {
  const auto data = open(
      R"([{"filepath1": "a.wav", "filepath2": "", "input": "is it loud?", "answer": "Yes"},)"
      R"({"filepath1": "a.wav", "filepath2": null, "input": "caption first audio", "answer": "rain"},)"
      R"({"filepath1": "a.wav", "input": "what is the mood?", "answer": "a calm one"}])");
  EXPECT_EQ(data.item(0).slices.at("format"), "yes_no");
  EXPECT_EQ(data.item(0).slices.at("gold_from"), "audio");
  EXPECT_EQ(data.item(1).slices.at("format"), "caption");
  EXPECT_EQ(data.item(1).slices.at("category"), "sound_event");
  EXPECT_EQ(data.item(2).slices.at("format"), "open");
  EXPECT_EQ(data.item(2).slices.at("category"), "mood");
  EXPECT_FALSE(data.item(2).slices.contains("subtype"));
  EXPECT_THAT(data.item(2).labels, IsEmpty());
}

TEST_F(ReasonAqaRows, may_have_windows_paths_and_folders_that_are_not_here) {
  earshot::testing::write(folder_ / "mine/test/Ya.wav", "");
  const auto data = open("[" + row(R"(D:\\data\\AudioCapsLarger\\test\\Ya.wav)", "", "x?", "y") +
                             "," + row("./AudioCapsLarger/test/Yb.wav", "", "x?", "y") + "," +
                             row("elsewhere/Yc.wav", "", "x?", "y") + "]",
                         {{"audiocaps", Path{folder_ / "mine"}}});
  EXPECT_EQ(data.item(0).clips.front().file, folder_ / "mine/test/Ya.wav");
  EXPECT_EQ(data.item(1).clips.front().file, folder_ / "mine/test/Yb.wav");
  EXPECT_EQ(data.item(2).clips.front().file, folder_ / "mine/elsewhere/Yc.wav");
  EXPECT_EQ(data.item(0).groups.at("clip"), "Ya");
}

TEST_F(ReasonAqaRows, keep_their_ids_only_while_they_are_the_same) {
  const auto id = [&](const std::string& answer) {
    return open("[" + row("a.wav", "", "x?", answer) + "]").item(0).id;
  };
  EXPECT_EQ(id("y"), id("y"));
  EXPECT_NE(id("y"), id("z"));
}

TEST_F(ReasonAqaRows, that_cannot_be_used_are_shown_or_left_out_but_never_repaired) {
  const auto json = "[" + row("a.wav", "", "", "y") + "," + row("a.wav", "", "x?", "  ") + "," +
                    row("a.wav", "", "x? a) 1 b) 2", "c) 3") + "," +
                    row("a.wav", "", "explain the difference", "y", "ACD-1.json") + "," +
                    row("a.wav", "", "x?", "y") + "]";
  const auto all = open(json);
  ASSERT_EQ(all.size(), 5);
  const char* faults[] = {"the question has no text", "the question has no answer",
                          "answer 'c) 3' is not among the choices: '1', '2'",
                          "the question compares two clips, but there is only one"};
  for (std::int64_t i = 0; i < 4; ++i)
    EXPECT_THAT(earshot::kit::question_fault(all.item(i)), HasSubstr(faults[i]));
  const auto good = open(json, {{"faulty", std::string("leave_out")}});
  ASSERT_EQ(good.size(), 1);
  EXPECT_EQ(good.item(0).id, all.item(4).id);
  EXPECT_EQ(all.left_out().count, 0);
  EXPECT_EQ(good.left_out().count, 4);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_THAT(good.left_out().examples.at(i),
                AllOf(HasSubstr(".json, object " + std::to_string(i + 1)), HasSubstr(faults[i])));
}

TEST_F(ReasonAqaRows, of_another_shape_are_refused) {
  const auto expect = [&](const std::string& json, const std::string& message) {
    EXPECT_THAT([&] { open(json); }, ThrowsMessage<DataError>(HasSubstr(message))) << json;
  };
  expect("[]", "no row has 'filepath1'");
  expect(R"([{"filepath1": "a", "question": "x", "answer": "y"}])", "no row has 'input'");
  expect(R"([{"filepath1": ["a"], "input": {"x": 1}, "answer": "y"}])", "'input' is an object");
  expect(R"({"filepath1": "a"})", "expected an array of objects");
  expect("[" + row("a.wav", "", "x", "y"), "invalid JSON");
  EXPECT_THROW(make({}), DataError);
  EXPECT_THROW(make({{"test", Path{folder_ / "none.json"}}}), DataError);
}

TEST_F(ReasonAqaRows, of_the_format_example_are_read) {
  const auto file = earshot::testing::data_folder() / "text/reasonaqa/format_example.json";
  if (!fs::exists(file)) GTEST_SKIP() << "no " << file << "; set EARSHOT_DATA";
  const auto item = make({{"train", Path{file}}}).item(0);
  EXPECT_EQ(item.groups.at("clip"), "Y6BJ455B1aAs");
  EXPECT_EQ(item.groups.at("second_clip"), "YZsf2YvJfCKw");
  EXPECT_EQ(item.slices.at("category"), "compare");
  EXPECT_EQ(earshot::kit::question_fault(item), "");
}

}  // namespace
}  // namespace reasonaqa
