#include "constant_answer.hpp"

#include <gmock/gmock.h>

#include "question_trial.hpp"

namespace {

using namespace earshot;
using audio_qa::ConstantAnswer;
using test::make;
using test::mean;
using test::QuestionTrial;
using test::run;

double constant_accuracy(test::Given given, QuestionTrial& trial) {
  const auto evaluator = make<ConstantAnswer>(given);
  run(*evaluator, trial);
  return mean(*evaluator, trial, "accuracy");
}

TEST(ConstantAnswer, of_chance_has_the_expected_accuracy_of_a_random_choice) {
  QuestionTrial trial;
  EXPECT_DOUBLE_EQ(constant_accuracy({{"rule", std::string("chance")}}, trial), 1.0 / 3);
}

TEST(ConstantAnswer, of_an_option_is_always_that_choice) {
  double sum = 0;
  for (const std::int64_t option : {1, 2, 3}) {
    QuestionTrial trial;
    sum += constant_accuracy({{"rule", std::string("option")}, {"option", option}}, trial);
  }
  EXPECT_DOUBLE_EQ(sum, 1);
  QuestionTrial beyond;
  EXPECT_EQ(
      constant_accuracy({{"rule", std::string("option")}, {"option", std::int64_t{4}}}, beyond), 0);
}

TEST(ConstantAnswer, of_the_longest_choice_counts_characters_and_takes_the_first_of_several) {
  QuestionTrial trial({}, [](Item& item, Split, std::int64_t) {
    item.question = Question{
        .text = "?", .choices = {"\xc3\xa9\xc3\xa9\xc3\xa9", "four", "five"}, .answers = {"four"}};
  });
  EXPECT_EQ(constant_accuracy({{"rule", std::string("longest")}}, trial), 1);
}

TEST(ConstantAnswer, of_the_majority_is_that_of_the_same_slice_and_on_offer) {
  // In half "even" most training answers are "middle", in "odd" "high"; "middle" is not offered.
  QuestionTrial trial({}, [](Item& item, Split split, std::int64_t index) {
    const bool even = index % 2 == 0;
    auto& question = *item.question;
    question.answers = {even ? "middle" : index % 4 == 1 ? "high" : "middle"};
    if (split == Split::test && !even) question.choices = {"low", "high"};
    if (split == Split::test) question.answers = {even ? "middle" : "high"};
  });
  EXPECT_EQ(constant_accuracy({{"within", std::string("half")}}, trial), 1);
}

TEST(ConstantAnswer, does_not_answer_open_questions_unless_it_counts_answers) {
  const auto open = [](Item& item, Split, std::int64_t) { item.question->choices.clear(); };
  QuestionTrial longest({}, open), majority({}, open);
  EXPECT_TRUE(std::isnan(constant_accuracy({{"rule", std::string("longest")}}, longest)));
  EXPECT_GT(constant_accuracy({}, majority), 0.2);
}

TEST(ConstantAnswer, keeps_what_it_counted) {
  QuestionTrial trial, again;
  const auto fitted = make<ConstantAnswer>({}), loaded = make<ConstantAnswer>({});
  run(*fitted, trial);
  loaded->load_state(fitted->state());
  loaded->predict(again);
  for (const auto& [item, prediction] : trial.predictions())
    EXPECT_EQ(prediction.output, again.predictions().at(item).output);
}

}  // namespace
