#include "choices.hpp"

#include <gmock/gmock.h>

namespace reasonaqa {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Choices, are_parsed_from_the_question_however_they_are_lettered) {
  for (const auto* text : {"which sound? a) rain b) a dog, barking c) wind",
                           "which sound? (A) rain (B) a dog, barking (C) wind",
                           "which sound?\nA. rain\nB. a dog, barking\nC. wind\n",
                           "which sound? a: rain; b: a dog, barking; c: wind",
                           "which sound? a)rain, b)a dog, barking, c)wind,"}) {
    const auto parsed = parse_question(text);
    EXPECT_EQ(parsed.text, "which sound?") << text;
    EXPECT_THAT(parsed.choices, ElementsAre("rain", "a dog, barking", "wind")) << text;
  }
}

TEST(Choices, may_be_two_or_eight) {
  EXPECT_THAT(parse_question("x? a) 1 b) 2").choices, ElementsAre("1", "2"));
  const auto eight = parse_question("x? a) 1 b) 2 c) 3 d) 4 e) 5 f) 6 g) 7 h) 8");
  EXPECT_THAT(eight.choices, ElementsAre("1", "2", "3", "4", "5", "6", "7", "8"));
}

TEST(Choices, keep_what_is_written_twice_or_not_at_all) {
  EXPECT_THAT(parse_question("x? a) one b) one c) two").choices, ElementsAre("one", "one", "two"));
  EXPECT_THAT(parse_question("x? a) b) two").choices, ElementsAre("", "two"));
}

TEST(Choices, are_not_seen_in_open_questions) {
  for (const auto* text :
       {"what does plan b) mean", "was it at 5 a.m. or later?", "a dog b a cat",
        "compare audio a) with the other", "f(a) or f(b)?", "", "a)", "(", "a"}) {
    EXPECT_THAT(parse_question(text).choices, IsEmpty()) << text;
    EXPECT_EQ(parse_question(text).text, text);
  }
}

TEST(Choices, begin_at_the_last_a_that_a_b_follows) {
  const auto parsed = parse_question("is a) as loud as b) here? a) yes b) no");
  EXPECT_EQ(parsed.text, "is a) as loud as b) here?");
  EXPECT_THAT(parsed.choices, ElementsAre("yes", "no"));
}

TEST(Answers, mean_a_choice_by_text_letter_or_both) {
  const std::vector<std::string> choices = {"rain", "a dog", "wind"};
  for (const auto* answer : {"a dog", "A dog", "b", "B)", "(b)", "b.", "b) a dog", "(B) a dog",
                             "b. A dog", " b) a dog ", "a dog."})
    EXPECT_EQ(parse_answer(answer, choices), "a dog") << answer;
}

TEST(Answers, that_mean_no_choice_stay_as_they_are) {
  const std::vector<std::string> choices = {"rain", "wind"};
  for (const auto* answer : {"thunder", "c", "c) rain", "b) rain", ""})
    EXPECT_EQ(parse_answer(answer, choices), answer);
}

}  // namespace
}  // namespace reasonaqa
