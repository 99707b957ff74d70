#include <earshot/error.hpp>

#include "judging.hpp"

namespace {

using namespace earshot;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const Question weather = {{"wind", "rain", "light rain", "a dog"}, {"rain"}};
const Question speech = {{}, {"no"}};

TEST(Answers, exact_compares_bytes_and_normalized_exact_compares_normalised_text) {
  EXPECT_TRUE(correct("exact", weather, " rain\n"));
  EXPECT_FALSE(correct("exact", weather, "Rain"));
  EXPECT_FALSE(correct("exact", weather, ""));
  EXPECT_TRUE(correct("normalized_exact", weather, "  RAIN. "));
  EXPECT_TRUE(correct("normalized_exact", {{}, {"two-tone horn"}}, "Two tone, horn!"));
  EXPECT_TRUE(correct("normalized_exact", {{}, {"fire"}}, "\uFB01re"));  // the ligature fi
  EXPECT_FALSE(correct("normalized_exact", weather, "light rain"));
  EXPECT_EQ(kit::normalized_answer("\u00C4-\u00C4 (x)\u00A0 y"), "\u00E4 \u00E4 x y");
}

TEST(Answers, any_of_several_golds_is_right) {
  const Question question = {{}, {"rain", "drizzle"}};
  EXPECT_TRUE(correct("exact", question, "drizzle"));
  EXPECT_FALSE(correct("exact", question, "rain drizzle"));
}

TEST(Answers, yes_no_takes_whole_words_only) {
  for (const auto* reply : {"no", "No.", "NO, it is not", "there is no dog", "no, or yes"})
    EXPECT_TRUE(correct("yes_no", speech, reply)) << reply;
  for (const auto* reply : {"noise", "not that i know", "", "it may be yes or no", "nope"})
    EXPECT_TRUE(none("yes_no", speech, reply)) << reply;
  const auto verdict = judge("yes_no", {{"yes", "no"}, {"no"}}, "Yes, there is no doubt");
  EXPECT_FALSE(verdict.correct);
  EXPECT_EQ(verdict.text, "yes");
  EXPECT_EQ(verdict.choice, 0U);
}

TEST(Answers, letter_never_invents_an_answer) {
  for (const auto* reply : {"b", "B", "(b)", "B) rain", "b)rain", " B. rain", "b: rain", "b.",
                            "The answer is B.", "answer: b", "I would say (B), rain"})
    EXPECT_TRUE(correct("letter", weather, reply)) << reply;
  for (const auto* reply : {"", "rain", "a dog", "A dog barks", "the answer is a dog", "e", "(E)",
                            "?", "a) wind b) rain", "(a) or (b)", "b.b. king", "f(b)", "\xFF"})
    EXPECT_TRUE(none("letter", weather, reply)) << reply;
  const auto verdict = judge("letter", weather, "(C)");
  EXPECT_EQ(verdict.choice, 2U);
  EXPECT_EQ(verdict.text, "light rain");
  EXPECT_FALSE(verdict.correct);
}

TEST(Answers, letter_knows_eight_choices_and_equal_ones) {
  const Question eight = {{"1", "2", "3", "4", "5", "6", "7", "8"}, {"8"}};
  EXPECT_TRUE(correct("letter", eight, "(H)"));
  const Question equal = {{"rain", "wind", "Rain", "rain"}, {"rain"}};
  EXPECT_TRUE(correct("letter", equal, "d"));
  EXPECT_FALSE(correct("letter", equal, "b"));
}

TEST(Answers, choice_text_finds_the_only_choice_in_the_reply) {
  for (const auto* reply : {"rain", "Rain!", "b) rain", "It sounds like rain to me."})
    EXPECT_TRUE(correct("choice_text", weather, reply)) << reply;
  for (const auto* reply : {"", "snow", "rainy", "rain and wind", "wind, light rain"})
    EXPECT_TRUE(none("choice_text", weather, reply)) << reply;
  EXPECT_EQ(judge("choice_text", weather, "some light rain").choice, 2U);
}

TEST(Answers, mmau_tokens_requires_all_words_of_the_gold_and_none_of_the_others) {
  const Question question = {{"heavy rain", "light rain", "rain light", "wind"}, {"light rain"}};
  EXPECT_TRUE(correct("mmau_tokens", question, "Light, very light rain!"));
  EXPECT_TRUE(correct("mmau_tokens", question, "rain light"));  // the order is ignored
  EXPECT_FALSE(correct("mmau_tokens", question, "light"));
  EXPECT_FALSE(correct("mmau_tokens", question, "light rain and wind"));
  EXPECT_FALSE(correct("mmau_tokens", question, ""));
  EXPECT_TRUE(correct("mmau_tokens", {{"a) wind", "b) rain"}, {"b) rain"}}, "rain"));
}

TEST(Answers, mellow_binary_finds_no_in_noise) {
  EXPECT_TRUE(correct("mellow_binary", speech, "background NOISE"));
  EXPECT_TRUE(correct("mellow_binary", speech, "i do not know"));
  EXPECT_TRUE(none("mellow_binary", speech, "yes"));
}

TEST(Answers, mellow_takes_what_it_cannot_read_for_a) {
  const Question first = {{"wind", "rain"}, {"a) wind"}}, second = {{"wind", "rain"}, {"rain"}};
  for (const auto* reply : {"a) wind", "A", "wind", "", "(b) rain", "e) snow"})
    EXPECT_TRUE(correct("mellow_mcq", first, reply)) << reply;
  EXPECT_TRUE(correct("mellow_mcq", second, "B) whatever"));
  EXPECT_FALSE(correct("mellow_mcq", second, "rain"));
  const auto verdict = judge("mellow_mcq", second, "rain");
  EXPECT_FALSE(verdict.parsed);
  EXPECT_EQ(verdict.choice, 0U);
}

TEST(Answers, mellow_entailment_takes_an_unreadable_gold_for_a_too) {
  const Question unreadable = {{"true", "false"}, {"perhaps"}};
  EXPECT_TRUE(correct("mellow_entailment", unreadable, "who knows"));
  EXPECT_FALSE(correct("mellow_entailment", unreadable, "b"));
  EXPECT_FALSE(correct("mellow_mcq", unreadable, "who knows"));
}

TEST(Answers, mellow_mmau_compares_up_to_the_parenthesis) {
  const Question question = {{"wind", "rain"}, {"rain"}};
  for (const auto* reply : {"b) rain", "B", "b) wind"})
    EXPECT_TRUE(correct("mellow_mmau", question, reply)) << reply;
  for (const auto* reply : {"rain", "(b) rain", " b", "", "a"})
    EXPECT_FALSE(correct("mellow_mmau", question, reply)) << reply;
}

TEST(Answers, each_rule_applies_only_to_suitable_questions) {
  const auto applies = [](const char* scorer, const Question& question) {
    return kit::answer_scorer(scorer).applies(question.key());
  };
  EXPECT_FALSE(applies("yes_no", weather));
  EXPECT_FALSE(applies("mellow_binary", weather));
  EXPECT_FALSE(applies("letter", speech));
  EXPECT_FALSE(applies("mmau_tokens", speech));
  EXPECT_FALSE(applies("letter", {{"wind", "rain"}, {"snow"}}));  // gold not among the choices
  EXPECT_FALSE(applies("yes_no", {}));
  EXPECT_TRUE(applies("exact", speech));
}

TEST(Answers, gold_choice_reads_letters_only_if_the_text_matches) {
  const auto gold = [](const Texts& choices, const std::string& text) {
    return kit::gold_choice(Question{choices, {text}}.key());
  };
  EXPECT_EQ(gold({"wind", "rain"}, "b) rain"), 1U);
  EXPECT_EQ(gold({"a) wind", "b) rain"}, "rain"), 1U);
  EXPECT_EQ(gold({"wind", "Rain"}, "rain."), 1U);
  EXPECT_EQ(gold({"rain", "wind"}, "b) rain"), std::nullopt);
  EXPECT_EQ(gold({"wind", "a) b"}, "a) b"), 1U);  // equal as it is: no letter is searched
  EXPECT_EQ(gold({"wind"}, "snow"), std::nullopt);
}

TEST(Answers, every_rule_rejects_bytes_that_are_not_text) {
  const Question question = {{"yes", "no"}, {"no"}};
  for (const auto& scorer : kit::answer_scorers())
    EXPECT_FALSE(correct(scorer.name, question, "\xC3\x28\xF0\x9F")) << scorer.name;
}

TEST(Answers, an_unknown_rule_is_refused_with_the_list_of_known_ones) {
  EXPECT_THAT(
      [] { kit::answer_scorer("rouge"); },
      ThrowsMessage<ConfigError>(HasSubstr("'rouge' is unknown; allowed are 'exact', 'norm")));
}

}  // namespace
