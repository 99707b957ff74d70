#include "marks.hpp"

#include <gmock/gmock.h>

#include "question_trial.hpp"

namespace {

using namespace earshot;
using audio_qa::Format;
using audio_qa::Marks;

Format format_of(test::Given given = {}) {
  return Format(Options(Format::options(), given));
}

Item item_with(const std::string& answer = "Rain") {
  return {.id = "one",
          .clips = {Clip{}},
          .question = Question{
              .text = "What is it?", .choices = {"Wind", "Rain", "Dog"}, .answers = {answer}}};
}

TEST(Marks, exist_for_every_rule_that_applies_to_a_question) {
  const auto numbers = Marks({}, format_of()).mark(item_with(), {.output = " it is rain"});
  EXPECT_EQ(numbers.at("exact"), 0);
  EXPECT_EQ(numbers.at("choice_text"), 1);
  EXPECT_EQ(numbers.at("mmau_tokens"), 1);
  EXPECT_EQ(numbers.at("accuracy"), 1);
  EXPECT_EQ(numbers.at("answered"), 1);
  EXPECT_DOUBLE_EQ(numbers.at("chance"), 1.0 / 3);
  EXPECT_FALSE(numbers.contains("yes_no"));
  EXPECT_FALSE(numbers.contains("log_prob"));
  const auto exact =
      Marks({.scorer = "exact"}, format_of()).mark(item_with(), {.output = " it is rain"});
  EXPECT_EQ(exact.at("accuracy"), 0);
  EXPECT_EQ(exact.at("choice_text"), 1);
}

TEST(Marks, know_letters_by_the_order_that_was_shown) {
  const auto permuted =
      format_of({{"prompt", std::string("mellow")}, {"choices", std::string("permuted")}});
  for (int i = 0; i < 20; ++i) {
    auto one = item_with();
    one.id = std::to_string(i);
    const auto right = permuted.taught_answer(one);  // "b) rain"
    const auto said = Marks({}, permuted).mark(one, {.output = right});
    for (const auto* rule : {"accuracy", "exact", "letter", "mellow_mcq", "mellow_mmau"})
      EXPECT_EQ(said.at(rule), 1) << rule << " of " << right;
    const std::string letter = right[0] == 'a' ? "b" : "a";
    EXPECT_EQ(Marks({}, permuted).mark(one, {.output = letter}).at("accuracy"), 0);
  }
}

TEST(Marks, accept_a_choice_without_a_reply) {
  const auto numbers = Marks({}, format_of()).mark(item_with(), {.value = std::string("Rain")});
  EXPECT_EQ(numbers.at("accuracy"), 1);
}

TEST(Marks, of_scores_alone_do_not_judge_a_reply) {
  const Marks marks({.choice_rule = "log_prob_mean", .said = false}, format_of());
  const Prediction prediction{.scores = {-4, -6, -5},
                              .measures = {{"tokens_0", 2}, {"tokens_1", 6}, {"tokens_2", 2}}};
  EXPECT_THAT(marks.mark(item_with(), prediction),
              ::testing::ElementsAre(
                  ::testing::Pair("accuracy", 1), ::testing::Pair("chance", ::testing::_),
                  ::testing::Pair("log_prob", 0), ::testing::Pair("log_prob_mean", 1)));
}

TEST(Marks, score_captions_and_nothing_else) {
  std::vector<Item> items;
  std::vector<Prediction> predictions;
  const std::vector<std::vector<std::string>> references{
      {"a man speaks.", "someone speaks.",
       "a man is speaking while a bird is chirping in the background"},
      {"rain is falling hard on a surface"}};
  const char* const said[] = {"a man is speaking", "rain falls"};
  for (std::size_t i = 0; i < 2; ++i) {
    items.push_back({.id = std::to_string(i),
                     .slices = {{"format", "caption"}},
                     .question = Question{.text = "caption", .answers = references[i]}});
    predictions.push_back({.item = static_cast<std::int64_t>(i), .output = said[i]});
  }
  items.push_back(item_with());
  predictions.push_back({.item = 2, .output = "Rain"});
  std::vector<Outcome> outcomes;
  for (std::size_t i = 0; i < 3; ++i)
    outcomes.push_back({items[i], predictions[i]});
  const Marks marks({}, format_of());
  const auto numbers = marks.score(outcomes);
  EXPECT_NEAR(numbers.at("cider_d"), 0.96135, 1e-5);  // aac-metrics
  EXPECT_NEAR(numbers.at("bleu_1"), 0.42785, 1e-5);
  EXPECT_EQ(marks.score(outcomes), numbers);
  EXPECT_TRUE(marks.score(std::span(outcomes).subspan(2)).empty());
  // Another reply to the same item is a different caption.
  predictions[1].output = "rain is falling hard on a surface";
  EXPECT_GT(marks.score(outcomes).at("bleu_1"), numbers.at("bleu_1"));
}

}  // namespace
