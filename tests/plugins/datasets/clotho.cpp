#include "clotho.hpp"

#include <gmock/gmock.h>

#include "clotho_aqa.hpp"
#include "files.hpp"
#include "temporary_folder.hpp"

namespace clotho {
namespace {

using earshot::DataError;
using earshot::Item;
using earshot::Options;
using earshot::Path;
using earshot::Split;
using earshot::testing::write;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::ThrowsMessage;

class ClothoFiles : public testing::Test {
 protected:
  template <class Dataset>
  Dataset open(std::map<std::string, earshot::OptionValue> options = {}) const {
    options["root"] = Path{folder_.path()};
    return {Options(Dataset::options(), options), {.device = at::kCPU}};
  }
  std::vector<std::string> answers(const std::string& mode) const {
    std::vector<std::string> all;
    const auto data = open<ClothoAqa>({{"answers", mode}});
    for (std::int64_t i = 0; i < data.size(); ++i)
      all.push_back(data.item(i).question->text + " " + data.item(i).question->answers.front());
    return all;
  }
  earshot::testing::TemporaryFolder folder_{};
};

const std::string header = "file_name,caption_1,caption_2,caption_3,caption_4,caption_5\n";

TEST_F(ClothoFiles, give_a_training_item_per_caption_and_a_test_item_per_clip) {
  write(folder_ / "clotho_captions_development.csv", header + "a b.wav,\"one, two\",c2,c3,c4,c5\n");
  write(folder_ / "clotho_captions_evaluation.csv", header + "z.wav,d1,d2,d3,d4,d5\n");
  const auto data = open<Clotho>();
  ASSERT_EQ(data.size(), 6);
  const auto first = data.item(0), last = data.item(5);
  EXPECT_EQ(first.id, "development/a b.wav#1");
  EXPECT_EQ(first.split, Split::train);
  EXPECT_EQ(first.clips.front().file, folder_ / "development/a b.wav");
  EXPECT_THAT(first.question->answers, ElementsAre("one, two"));
  EXPECT_THAT(data.item(4).question->answers, ElementsAre("c5"));
  EXPECT_EQ(last.id, "evaluation/z.wav");
  EXPECT_EQ(last.split, Split::test);
  EXPECT_THAT(last.question->answers, ElementsAre("d1", "d2", "d3", "d4", "d5"));
  EXPECT_THAT(last.slices, ElementsAre(Pair("format", "caption"), Pair("gold_from", "audio")));
  EXPECT_EQ(data.slice_roles().at(earshot::SliceRole::answer_origin), "gold_from");
}

TEST_F(ClothoFiles, name_the_sound_of_a_clip_in_latin_1_metadata) {
  write(folder_ / "clotho_captions_validation.csv",
        header + "caf\xc3\xa9.wav,a,b,c,d,e\nx.wav,a,b,c,d,e\n");
  write(folder_ / "clotho_metadata_validation.csv",
        "file_name,keywords,sound_id\ncaf\xe9.wav,k,4711\nx.wav,k,Not found\n");
  const auto data = open<Clotho>();
  EXPECT_EQ(data.item(0).groups.at("source"), "4711");
  EXPECT_FALSE(data.item(1).groups.contains("source"));
}

TEST_F(ClothoFiles, that_are_not_as_published_are_refused) {
  EXPECT_THAT([&] { open<Clotho>(); },
              ThrowsMessage<DataError>(HasSubstr("has no clotho_captions")));
  EXPECT_THROW(open<ClothoAqa>(), DataError);
  write(folder_ / "clotho_captions_validation.csv", "file_name,caption_1\nx.wav,a\n");
  EXPECT_THAT([&] { open<Clotho>(); },
              ThrowsMessage<DataError>(HasSubstr("no column 'caption_2'")));
  write(folder_ / "clotho_captions_validation.csv", header + "x.wav,,,,,\n");
  EXPECT_THAT([&] { open<Clotho>(); }, ThrowsMessage<DataError>(HasSubstr(":2: has no caption")));
}

TEST_F(ClothoFiles, with_contradicting_annotators_give_all_answers_or_those_they_agree_on) {
  write(folder_ / "clotho_aqa_test.csv",
        "file_name,QuestionText,answer,confidence\n"
        "a.wav,Rain?,yes,yes\na.wav,Rain?,Yes,maybe\na.wav,Rain?,no,no\n"
        "a.wav,Who?,man,yes\na.wav,Who?,Man,yes\na.wav,Who?,man,yes\n"
        "a.wav,What?,horn,yes\na.wav,What?,car,yes\na.wav,What?,bus,yes\n"
        "b.wav,Rain?,no,yes\n");
  EXPECT_THAT(answers("majority"), ElementsAre("Rain? yes", "Who? man", "Rain? no"));
  EXPECT_THAT(answers("unanimous"), ElementsAre("Who? man", "Rain? no"));
  EXPECT_EQ(answers("all").size(), 10U);
  const auto left_out = [&](const std::string& mode) {
    return open<ClothoAqa>({{"answers", mode}}).left_out();
  };
  EXPECT_EQ(left_out("all").count, 0);
  EXPECT_EQ(left_out("unanimous").count, 6);
  EXPECT_EQ(left_out("majority").count, 3);
  EXPECT_EQ(left_out("unanimous").examples.front(),
            "clotho_aqa_test.csv:2: the answers to its question differ");
  EXPECT_EQ(left_out("majority").examples.front(),
            "clotho_aqa_test.csv:8: its question has no majority answer");
  const auto data = open<ClothoAqa>({{"answers", std::string("all")}});
  EXPECT_EQ(data.item(0).slices.at("format"), "yes_no");
  EXPECT_EQ(data.item(1).slices.at("confidence"), "maybe");
  EXPECT_EQ(data.item(1).slices.at("gold_from"), "audio");
  EXPECT_EQ(data.slice_roles().at(earshot::SliceRole::answer_origin), "gold_from");
  EXPECT_EQ(data.item(3).slices.at("format"), "open");
  EXPECT_EQ(data.item(0).clips.front().file, folder_ / "audio_files/a.wav");
  EXPECT_NE(data.item(0).id, data.item(1).id);
}

TEST_F(ClothoFiles, without_an_answer_are_counted_if_they_are_left_out) {
  write(folder_ / "clotho_aqa_val.csv",
        "file_name,QuestionText,answer,confidence\na.wav,Who?,man,yes\na.wav,What?,,no\n");
  const auto data = open<ClothoAqa>({{"faulty", std::string("leave_out")}});
  EXPECT_EQ(data.size(), 1);
  EXPECT_THAT(data.left_out().examples,
              ElementsAre("clotho_aqa_val.csv:3: the question has no answer; expected at least "
                          "one"));
}

}  // namespace
}  // namespace clotho
