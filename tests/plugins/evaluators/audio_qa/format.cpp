#include "format.hpp"

#include <set>

#include <gmock/gmock.h>

#include "question_trial.hpp"

namespace {

using namespace earshot;
using audio_qa::Format;
using audio_qa::ListeningResult;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Format format(test::Given given = {}) {
  return Format(Options(Format::options(), given));
}

Item item(std::vector<std::string> choices = {"Rain", "A Dog", "wind"}) {
  return {.id = "one",
          .clips = {Clip{}},
          .question = Question{.text = "What is it?", .choices = choices, .answers = {"A Dog"}}};
}

ListeningResult sound(int clips = 1) {
  ListeningResult heard;
  for (int clip = 0; clip < clips; ++clip)
    heard.clips.emplace_back(Embeddings{at::zeros({5, 4})});
  return heard;
}

TEST(Format, arranges_audio_question_and_choices_by_its_preset) {
  EXPECT_EQ(Format::readable(format().prompt(item(), sound())),
            "<audio, 5 embeddings>Question: What is it?\nChoices: a) Rain b) A Dog c) "
            "wind\nAnswer:");
  EXPECT_EQ(format().taught_answer(item()), " A Dog");
  const auto mellow = format({{"prompt", std::string("mellow")}});
  EXPECT_EQ(Format::readable(mellow.prompt(item(), sound())),
            "<audio, 5 embeddings>what is it? a) rain b) a dog c) wind");
  EXPECT_EQ(mellow.taught_answer(item()), "b) a dog");
  const auto letters = format({{"prompt", std::string("letters")}});
  EXPECT_EQ(Format::readable(letters.prompt(item(), {})),
            "What is it?\nA. Rain\nB. A Dog\nC. wind\nAnswer with the option's letter from the "
            "given choices directly.\nAnswer:");
  EXPECT_EQ(letters.taught_answer(item()), " B");
}

TEST(Format, of_an_open_question_has_no_choices) {
  auto open = item({});
  EXPECT_EQ(Format::readable(format().prompt(open, {})), "Question: What is it?\nAnswer:");
  EXPECT_EQ(format({{"prompt", std::string("letters")}}).taught_answer(open), " A Dog");
}

TEST(Format, puts_a_separator_between_two_clips_and_the_start_before_both) {
  auto heard = sound(2);
  heard.start.emplace_back(Embeddings{at::zeros({2, 4})});
  EXPECT_EQ(Format::readable(format({{"separator", std::string("|")}}).prompt(item({}), heard)),
            "<audio, 2 embeddings><audio, 5 embeddings>|<audio, 5 embeddings>Question: What is "
            "it?\nAnswer:");
}

TEST(Format, takes_a_template_of_its_own_in_any_order) {
  const auto own = format({{"template", std::string("Q {question} {audio}")}});
  EXPECT_EQ(Format::readable(own.prompt(item(), sound())), "Q What is it? <audio, 5 embeddings>");
}

TEST(Format, refuses_a_template_with_unknown_fields_or_without_a_question) {
  EXPECT_THAT(
      [] {
        format({{"template", std::string("{question} {sound}")}});
      },
      ThrowsMessage<ConfigError>(HasSubstr("'{sound}'")));
  EXPECT_THAT(
      [] {
        format({{"template", std::string("{question} {audio")}});
      },
      ThrowsMessage<ConfigError>(HasSubstr("'{audio'")));
  EXPECT_THAT(
      [] {
        format({{"template", std::string("{audio}")}});
      },
      ThrowsMessage<ConfigError>(HasSubstr("no {question}")));
}

TEST(Format, letters_continue_after_z) {
  std::vector<std::string> many;
  for (int i = 0; i < 28; ++i)
    many.push_back("choice " + std::to_string(i));
  many.push_back("A Dog");
  EXPECT_EQ(format({{"answer", std::string("letter")}}).taught_answer(item(many)), " ac");
}

TEST(Format, permutes_choices_by_item_and_keeps_the_answer) {
  const test::Given options{{"choices", std::string("permuted")},
                            {"answer", std::string("letter")}};
  std::set<std::string> letters;
  for (int i = 0; i < 40; ++i) {
    auto one = item();
    one.id = std::to_string(i);
    const auto given = format(options);
    EXPECT_EQ(given.order(one), format(options).order(one));
    const auto shown = given.shown_choices(one);
    const auto letter = given.taught_answer(one);
    EXPECT_EQ(shown[static_cast<std::size_t>(letter[1] - 'a')], "A Dog");
    letters.insert(letter);
  }
  EXPECT_THAT(letters, ElementsAre(" a", " b", " c"));
}

TEST(Format, names_the_item_that_cannot_be_formatted) {
  auto wrong = item();
  wrong.question->answers = {"snow"};
  EXPECT_THAT([&] { format().taught_answer(wrong); },
              ThrowsMessage<DataError>(HasSubstr("'snow' is not among its choices")));
  wrong.question.reset();
  EXPECT_THAT([&] { format().prompt(wrong, {}); },
              ThrowsMessage<DataError>(HasSubstr("item 'one' has no question")));
}

}  // namespace
