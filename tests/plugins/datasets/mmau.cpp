#include <set>

#include <gmock/gmock.h>

#include <earshot/kit/questions.hpp>

#include "benchmark.hpp"
#include "data_folder.hpp"
#include "files.hpp"
#include "temporary_folder.hpp"

namespace mmau {
namespace {

namespace fs = std::filesystem;
using earshot::DataError;
using earshot::Options;
using earshot::Path;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::ThrowsMessage;
using testing::UnorderedElementsAre;
using Given = std::map<std::string, earshot::OptionValue>;

class Benchmarks : public testing::Test {
 protected:
  template <class Dataset>
  Dataset open(const std::string& name, const std::string& json, Given options = {}) const {
    earshot::testing::write(folder_ / name, json);
    options["file"] = Path{folder_ / name};
    return {Options(Dataset::options(), options), {.device = at::kCPU}};
  }
  earshot::testing::TemporaryFolder folder_{};
};

const std::string asked = R"("question": "who?", "choices": ["Man", "Woman"], "answer": "Woman")";

TEST_F(Benchmarks, of_mmau_have_categories_that_are_texts_or_lists) {
  const auto data = open<Mmau>(
      "mmau.json",
      R"([{"id": "1", "audio_id": "./mini/1.wav", "task": "sound", "difficulty": "easy",)"
      R"( "category": ["Reasoning"], "sub-category": "Counting", "dataset": "AudioSet", )" +
          asked + R"(}, {"id": "2", "audio_id": "mini\\2.wav", "category": "Reasoning", )" + asked +
          "}]");
  const auto item = data.item(0);
  EXPECT_EQ(item.split, earshot::Split::test);
  EXPECT_EQ(item.clips.front().file, folder_ / "mini/1.wav");
  EXPECT_THAT(item.slices,
              UnorderedElementsAre(Pair("format", "multiple_choice"), Pair("gold_from", "audio"),
                                   Pair("task", "sound"), Pair("difficulty", "easy"),
                                   Pair("category", "Reasoning"), Pair("sub_category", "Counting"),
                                   Pair("source_dataset", "AudioSet")));
  EXPECT_EQ(data.slice_roles().at(earshot::SliceRole::answer_origin), "gold_from");
  EXPECT_THAT(item.question->choices, ElementsAre("Man", "Woman"));
  EXPECT_THAT(item.question->answers, ElementsAre("Woman"));
  EXPECT_EQ(data.item(1).slices.at("category"), "Reasoning");
  EXPECT_EQ(data.item(1).clips.front().file, folder_ / "mini/2.wav");
}

TEST_F(Benchmarks, of_mmar_are_an_array_or_lines_and_may_lack_a_language) {
  const auto first = R"({"id": "ab_c-d_00-00-01_00-00-09", "audio_path": "a/x.wav",)"
                     R"( "modality": "sound", "category": "Signal Layer", "language": null, )" +
                     asked + "}";
  const auto second = R"({"id": "other", "audio_path": "a/y.wav", "modality": "speech",)"
                      R"( "category": "Signal Layer", "language": "zh", "cue": ["deep", "x"], )" +
                      asked + "}";
  for (const auto& json : {"[" + first + ", " + second + "]", first + "\n" + second + "\n"}) {
    const auto data = open<Mmar>("mmar.jsonl", json);
    ASSERT_EQ(data.size(), 2);
    EXPECT_FALSE(data.item(0).slices.contains("language"));
    EXPECT_EQ(data.item(1).slices.at("language"), "zh");
    EXPECT_THAT(data.item(0).groups, ElementsAre(Pair("clip", "x"), Pair("source", "ab_c-d")));
    EXPECT_THAT(data.item(1).groups, ElementsAre(Pair("clip", "y")));
  }
}

TEST_F(Benchmarks, keep_gold_that_is_not_a_choice_for_the_linter_or_leave_it_out) {
  const auto json = R"([{"id": "1", "audio_id": "1.wav", "question": "who?",)"
                    R"( "choices": ["a", "b", "b"], "answer": "c"},)"
                    R"({"id": "2", "audio_id": "2.wav", )" +
                    asked + "}]";
  const auto all = open<Mmau>("mmau.json", json);
  ASSERT_EQ(all.size(), 2);
  EXPECT_THAT(all.item(0).question->choices, ElementsAre("a", "b", "b"));
  EXPECT_THAT(earshot::kit::question_fault(all.item(0)), HasSubstr("'c' is not among the choices"));
  EXPECT_EQ(all.left_out().count, 0);
  const auto good = open<Mmau>("mmau.json", json, {{"faulty", std::string("leave_out")}});
  EXPECT_EQ(good.size(), 1);
  EXPECT_EQ(good.left_out().count, 1);
  EXPECT_THAT(good.left_out().examples,
              ElementsAre("mmau.json, object 1: answer 'c' is not among the choices: "
                          "'a', 'b', 'b'"));
}

TEST_F(Benchmarks, whose_answers_are_withheld_are_refused) {
  const auto json = R"([{"id": "1", "audio_id": "1.wav", "question": "who?",)"
                    R"( "choices": ["a", "b"], "answer": ""}])";
  EXPECT_THAT([&] { open<Mmau>("test.json", json); },
              ThrowsMessage<DataError>(HasSubstr("no question has an answer")));
  EXPECT_THAT([&] { open<Mmau>("test.json", R"([{"id": "1"}])"); },
              ThrowsMessage<DataError>(HasSubstr("no row has 'question'")));
}

TEST(MmauMini, has_the_counts_that_were_found_in_it) {
  const auto file = earshot::testing::data_folder() / "text/mmau/mmau-test-mini.json";
  if (!fs::exists(file)) GTEST_SKIP() << "no " << file << "; set EARSHOT_DATA";
  const Mmau mini(Options(Mmau::options(), {{"file", Path{file}}}), {.device = at::kCPU});
  ASSERT_EQ(mini.size(), 1000);
  std::map<std::size_t, int> choices, answers;
  std::map<std::string, int> tasks, difficulties, categories, formats;
  std::set<std::string> subcategories, ids;
  int duplicates = 0;
  for (std::int64_t i = 0; i < mini.size(); ++i) {
    const auto item = mini.item(i);
    const auto& question = *item.question;
    EXPECT_EQ(earshot::kit::question_fault(item), "");
    ++choices[question.choices.size()];
    duplicates += std::set<std::string>(question.choices.begin(), question.choices.end()).size() <
                          question.choices.size()
                      ? 1
                      : 0;
    ++answers[static_cast<std::size_t>(
        std::find(question.choices.begin(), question.choices.end(), question.answers.front()) -
        question.choices.begin())];
    ++tasks[item.slices.at("task")];
    ++difficulties[item.slices.at("difficulty")];
    ++categories[item.slices.at("category")];
    subcategories.insert(item.slices.at("sub_category"));
    ids.insert(item.id);
  }
  EXPECT_THAT(choices, ElementsAre(Pair(2, 27), Pair(4, 948), Pair(5, 24), Pair(8, 1)));
  EXPECT_EQ(duplicates, 27);
  EXPECT_THAT(tasks, ElementsAre(Pair("music", 334), Pair("sound", 333), Pair("speech", 333)));
  EXPECT_THAT(difficulties, ElementsAre(Pair("easy", 224), Pair("hard", 236), Pair("medium", 540)));
  EXPECT_THAT(categories, ElementsAre(Pair("Information Extraction", 323), Pair("Reasoning", 677)));
  EXPECT_EQ(answers[0], 395);
  EXPECT_EQ(subcategories.size(), 27U);
  EXPECT_EQ(ids.size(), 1000U);
}

}  // namespace
}  // namespace mmau
