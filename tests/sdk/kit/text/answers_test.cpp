#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/answers.hpp>

#include "files.hpp"

namespace {

using namespace earshot;
using kit::AnswerKey;
using kit::Verdict;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Texts = std::vector<std::string>;

struct Question {
  Texts choices{}, golds{};
  AnswerKey key() const { return {.choices = choices, .golds = golds}; }
};

Verdict judge(const std::string& scorer, const Question& question, const std::string& reply) {
  const auto& rule = kit::answer_scorer(scorer);
  EXPECT_TRUE(rule.applies(question.key())) << scorer;
  return rule.judge(question.key(), reply);
}
bool correct(const std::string& scorer, const Question& question, const std::string& reply) {
  return judge(scorer, question, reply).correct;
}
/// Whether the rule says that there is no answer in the reply.
bool none(const std::string& scorer, const Question& question, const std::string& reply) {
  const auto verdict = judge(scorer, question, reply);
  return !verdict.correct && !verdict.parsed && !verdict.choice && verdict.text.empty();
}

const Question weather = {{"wind", "rain", "light rain", "a dog"}, {"rain"}};
const Question speech = {{}, {"no"}};

TEST(Answers, exact_looks_at_bytes_and_normalized_exact_at_what_they_say) {
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

TEST(Answers, letter_never_makes_an_answer_up) {
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

TEST(Answers, mmau_tokens_wants_all_words_of_the_gold_and_none_of_the_others) {
  const Question question = {{"heavy rain", "light rain", "rain light", "wind"}, {"light rain"}};
  EXPECT_TRUE(correct("mmau_tokens", question, "Light, very light rain!"));
  EXPECT_TRUE(correct("mmau_tokens", question, "rain light"));  // the order is not looked at
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

TEST(Answers, each_rule_goes_with_questions_it_says_something_about) {
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

TEST(Answers, gold_choice_reads_letters_only_where_the_text_fits) {
  const auto gold = [](const Texts& choices, const std::string& text) {
    return kit::gold_choice(Question{choices, {text}}.key());
  };
  EXPECT_EQ(gold({"wind", "rain"}, "b) rain"), 1U);
  EXPECT_EQ(gold({"a) wind", "b) rain"}, "rain"), 1U);
  EXPECT_EQ(gold({"wind", "Rain"}, "rain."), 1U);
  EXPECT_EQ(gold({"rain", "wind"}, "b) rain"), std::nullopt);
  EXPECT_EQ(gold({"wind", "a) b"}, "a) b"), 1U);  // equal as it is: no letter is looked for
  EXPECT_EQ(gold({"wind"}, "snow"), std::nullopt);
}

TEST(Answers, every_rule_says_wrong_of_bytes_that_are_no_text) {
  const Question question = {{"yes", "no"}, {"no"}};
  for (const auto& scorer : kit::answer_scorers())
    EXPECT_FALSE(correct(scorer.name, question, "\xC3\x28\xF0\x9F")) << scorer.name;
}

TEST(Answers, an_unknown_rule_is_refused_with_those_that_there_are) {
  EXPECT_THAT(
      [] { kit::answer_scorer("rouge"); },
      ThrowsMessage<ConfigError>(HasSubstr("'rouge' is unknown; allowed are 'exact', 'norm")));
}

// --- what people and models write

const Question four = {{"rain", "wind", "dog", "car"}, {"wind"}};

TEST(Letters, are_found_in_the_ways_people_write_them) {
  for (const auto* reply : {"[B]",
                            "B:",
                            "`B`",
                            "\\boxed{B}",
                            "$\\boxed{B}$",
                            "\\boxed{\\text{B}}",
                            "<answer>B</answer>",
                            "<answer> (B) </answer>",
                            "I choose B",
                            "I choose B.",
                            "option B",
                            "Option B: wind",
                            "Option (B)",
                            "The answer is option B.",
                            "B\n",
                            "**B**.",
                            "**B.** wind",
                            "**B) wind**",
                            "**Answer:** B",
                            "**Answer**: B",
                            "Answer:\n\nB",
                            "Answer - B",
                            "Answer \u2014 B",
                            "Final answer: (B)",
                            "The correct option is B",
                            "The correct choice is: B",
                            "B is correct",
                            "B is the correct answer.",
                            "(B) is right",
                            "\u24B7",
                            "\uFF22",
                            "\uFF22\uFF0E",
                            "I think B",
                            "It's B.",
                            "It\u2019s B.",
                            "I'd go with B",
                            "I would pick (B)",
                            "My answer: b",
                            "answer is b",
                            "the answer is b.",
                            "Answer = B",
                            "Answer -> B",
                            "Answer \u2192 B",
                            "2.",
                            "2",
                            "(2)",
                            "2) wind",
                            "Option 2",
                            "Answer: 2",
                            "B - wind",
                            "B \u2013 wind",
                            "B, because it blows",
                            "B; wind",
                            "\"B\"",
                            "\u201CB\u201D",
                            "'B'",
                            "\u2018B\u2019",
                            "{B}",
                            "<B>",
                            "B because it blows",
                            "Because it blows.\n\nB",
                            "So the answer is (B), not (A).",
                            "(B)\n\nExplanation: a dog",
                            "A dog barks, so the answer is B",
                            "A dog barks. Answer: B",
                            "I hear a dog, so B.",
                            "Sure! The answer is **(B)**.",
                            "The answer is: B) wind",
                            "The answer is\nB",
                            "choice b",
                            "Letter: B",
                            "Answer:B.",
                            "ANSWER: B",
                            "The best answer is B since it blows",
                            "The answer is B, a windy day",
                            "B</s>",
                            "B<|endoftext|>",
                            "<think>It is A or C</think> B",
                            "I hear wind. (b)",
                            "Correct answer: B",
                            "the correct answer is **B. wind**",
                            "The answer is (b) wind",
                            "B.\nA is wrong because",
                            "\tB\t",
                            "B !",
                            "B?"})
    EXPECT_EQ(judge("letter", four, reply).choice, 1U) << reply;
  for (const auto* reply :
       {"A", "(A)", "a", "a.", "A.", "Answer: A", "The answer is A.", "The answer is a.",
        "\\boxed{A}", "[A]", "A)", "A) rain", "A is correct", "I choose A", "A\nBecause", "A: rain",
        "I pick a", "option a"})
    EXPECT_EQ(judge("letter", four, reply).choice, 0U) << reply;
}

TEST(Letters, are_no_articles_pronouns_or_notes_and_no_two_at_once) {
  for (const auto* reply : {"I",
                            "I hear a dog",
                            "I think it is a dog",
                            "A dog",
                            "a dog barks",
                            "the answer is a dog",
                            "(A) or (B)",
                            "A or B",
                            "A, B",
                            "A and B",
                            "The answer is A or B",
                            "Answer: A/B",
                            "A B",
                            "C#",
                            "B flat",
                            "B-flat",
                            "B minor",
                            "A major",
                            "b.b. king",
                            "f(b)",
                            "web)",
                            "E",
                            "(E)",
                            "Answer: E",
                            "5",
                            "0",
                            "",
                            "?",
                            "I have no idea",
                            "As I hear it",
                            "It is a b-side",
                            "a) rain b) wind",
                            "Neither A nor B",
                            "(i)",
                            "It is I.",
                            "D major is the key"})
    EXPECT_EQ(judge("letter", four, reply).choice, std::nullopt) << reply;
}

TEST(Letters, may_be_numbers_where_no_choice_has_one) {
  EXPECT_EQ(judge("letter", {{"1. rain", "2. wind"}, {"2. wind"}}, "2.").choice, 1U);
  EXPECT_EQ(judge("letter", {{"3 dogs", "2 dogs"}, {"2 dogs"}}, "2").choice, std::nullopt);
}

TEST(ChoiceText, tells_choices_apart_whatever_they_are_made_of) {
  constexpr std::size_t none = 99;
  struct Case {
    Texts choices;
    std::vector<std::pair<std::string, std::size_t>> replies;
  };
  const Case cases[] = {
      {{"C", "C#", "D", "D#", "Bb", "B"},
       {{"C", 0},
        {"C.", 0},
        {"The key is C.", 0},
        {"**C**", 0},
        {"key of C", 0},
        {"\"C\"", 0},
        {"C#", 1},
        {"C#.", 1},
        {"The key is C#.", 1},
        {"**C#**", 1},
        {"key of C#", 1},
        {"\"C#\"", 1},
        {"D", 2},
        {"D.", 2},
        {"The key is D.", 2},
        {"**D**", 2},
        {"key of D", 2},
        {"\"D\"", 2},
        {"D#", 3},
        {"D#.", 3},
        {"The key is D#.", 3},
        {"**D#**", 3},
        {"key of D#", 3},
        {"\"D#\"", 3},
        {"Bb", 4},
        {"Bb.", 4},
        {"The key is Bb.", 4},
        {"**Bb**", 4},
        {"key of Bb", 4},
        {"\"Bb\"", 4},
        {"B", 5},
        {"B.", 5},
        {"The key is B.", 5},
        {"**B**", 5},
        {"key of B", 5},
        {"\"B\"", 5},
        {"A dog", none},
        {"The key is C\u266F.", 1}}},
      {{"5", "-5", "1.5", "15", "50%", "5%", "+5", "$5", "5\u00B0", "0.5"},
       {{"5", 0},         {"It is 5.", 0},
        {"(5)", 0},       {"about: 5, I think", 0},
        {"-5", 1},        {"It is -5.", 1},
        {"(-5)", 1},      {"about: -5, I think", 1},
        {"1.5", 2},       {"It is 1.5.", 2},
        {"(1.5)", 2},     {"about: 1.5, I think", 2},
        {"15", 3},        {"It is 15.", 3},
        {"(15)", 3},      {"about: 15, I think", 3},
        {"50%", 4},       {"It is 50%.", 4},
        {"(50%)", 4},     {"about: 50%, I think", 4},
        {"5%", 5},        {"It is 5%.", 5},
        {"(5%)", 5},      {"about: 5%, I think", 5},
        {"+5", 6},        {"It is +5.", 6},
        {"(+5)", 6},      {"about: +5, I think", 6},
        {"$5", 7},        {"It is $5.", 7},
        {"($5)", 7},      {"about: $5, I think", 7},
        {"5\u00B0", 8},   {"It is 5\u00B0.", 8},
        {"(5\u00B0)", 8}, {"about: 5\u00B0, I think", 8},
        {"0.5", 9},       {"It is 0.5.", 9},
        {"(0.5)", 9},     {"about: 0.5, I think", 9},
        {"\u22125", 1},   {".5", 9},
        {"7", none},      {"5-15", none},
        {"5.5", none},    {"150", none},
        {"15s", none}}},
      {{"15 s", "1.5 s", "-5 s", "5 s", "1:30", "130", "1,500 Hz", "1.500 kHz"},
       {{"15 s", 0},      {"roughly 15 s!", 0},
        {"1.5 s", 1},     {"roughly 1.5 s!", 1},
        {"-5 s", 2},      {"roughly -5 s!", 2},
        {"5 s", 3},       {"roughly 5 s!", 3},
        {"1:30", 4},      {"roughly 1:30!", 4},
        {"130", 5},       {"roughly 130!", 5},
        {"1,500 Hz", 6},  {"roughly 1,500 Hz!", 6},
        {"1.500 kHz", 7}, {"roughly 1.500 kHz!", 7},
        {"15s", 0},       {"1.5s", 1},
        {"1500 Hz", 6},   {"\u22125 s", 2}}},
      {{"!", "?", "...", "--", "*"},
       {{"!", 0}, {"?", 1}, {"...", 2}, {"--", 3}, {"*", 4}, {"\u2026", 2}, {"\u2014", none}}},
      {{"its raining", "it's raining", "its raining!"},
       {{"its raining", 0},
        {"it's raining", 1},
        {"its raining!", 2},
        {"It\u2019s raining", 1},
        {"I say it's raining.", 1}}},
      {{"Rain", "rain", "RAIN", "wind"},
       {{"Rain", 0},
        {"It is Rain", 0},
        {"rain", 1},
        {"It is rain", 1},
        {"RAIN", 2},
        {"It is RAIN", 2},
        {"wind", 3},
        {"It is wind", 3},
        {"rAIN", none}}},
      {{"cafe\u0301", "caf\u00E9", "bar"},
       {{"cafe\u0301", 0},
        {"caf\u00E9", 1},
        {"bar", 2},
        {"It is a bar.", 2},
        {"the caf\u00E9 there", none},
        {"CAF\u00C9", none}}},
      {{"\U0001F415", "\U0001F408", "\u2600\uFE0F", "\u2614"},
       {{"\U0001F415", 0},
        {"I hear \U0001F415!", 0},
        {"\U0001F408", 1},
        {"I hear \U0001F408!", 1},
        {"\u2600\uFE0F", 2},
        {"I hear \u2600\uFE0F!", 2},
        {"\u2614", 3},
        {"I hear \u2614!", 3},
        {"\u2600", 2}}},
      {{"\u96E8", "\u98A8", "\u5927\u96E8", "\u3042\u3081"},
       {{"\u96E8", 0},
        {"\u7B54\u6848\u662F\u96E8\u3002", 0},
        {"\u98A8", 1},
        {"\u7B54\u6848\u662F\u98A8\u3002", 1},
        {"\u5927\u96E8", 2},
        {"\u7B54\u6848\u662F\u5927\u96E8\u3002", 2},
        {"\u3042\u3081", 3},
        {"\u7B54\u6848\u662F\u3042\u3081\u3002", 3}}},
      {{"dog", "dog barking", "barking", "dog barking loudly"},
       {{"dog", 0},
        {"a dog", 0},
        {"DOG!", 0},
        {"dog barking", 1},
        {"a dog barking", 1},
        {"DOG BARKING!", 1},
        {"barking", 2},
        {"a barking", 2},
        {"BARKING!", 2},
        {"dog barking loudly", 3},
        {"a dog barking loudly", 3},
        {"DOG BARKING LOUDLY!", 3}}},
      {{"a b", "b c", "c"}, {{"a b c", none}}},
      {{"C", "C++", "C+", "C/C++", "C&D"},
       {{"C", 0},
        {"It is C I say", 0},
        {"C++", 1},
        {"It is C++ I say", 1},
        {"C+", 2},
        {"It is C+ I say", 2},
        {"C/C++", 3},
        {"It is C/C++ I say", 3},
        {"C&D", 4},
        {"It is C&D I say", 4}}},
      {{"rain", "wind", "dog", "rain and wind"},
       {{"rain and wind", 3},   {"It is rain and wind.", 3},
        {"rain or wind", none}, {"<answer>rain</answer>", 0},
        {"\\boxed{rain}", 0},   {"rain</s>", 0},
        {"(A) rain", 0},        {"A. rain", 0},
        {"**A.** rain", 0},     {"RAIN.", 0},
        {"rain\nBecause", 0},   {"rain,but", 0},
        {"- rain", 0},          {"-rain", 0},
        {"\u2022 rain", 0},     {"`rain`", 0},
        {"rain\u2014loud", 0},  {"=> rain", 0},
        {"\u2192rain", 0},      {"$\\text{rain}$", 0},
        {"rainy", none},        {"train", none}}},
      {{"two-tone horn", "horn"},
       {{"Two tone horn", 0},
        {"two\u2010tone horn", 0},
        {"two\u2013tone horn.", 0},
        {"a two\u2011tone horn", 0}}},
      {{"A. rain", "B. wind", "C. dog"},
       {{"wind", 1}, {"B. wind", 1}, {"it is wind", 1}, {"b) wind", 1}, {"(B) wind", 1}}},
      {{"1. rain", "2. wind"}, {{"wind", 1}, {"2. wind", 1}, {"It's wind", 1}}},
      {{"na\u00EFve", "stra\u00DFe"}, {{"STRASSE", 1}}},
      {{"a\u00A0dog", "cat"}, {{"A dog", 0}}},
      {{"\u00BD", "1/3"}, {{"1/2", 0}}},
      {{"3/4", "4/4", "6/8"}, {{"It is in 3/4 time", 0}}},
      {{"3/4", "34"}, {{"34", 1}}},
      {{"U.S.", "UK"}, {{"US", 0}}},
      {{"10-20 Hz", "10 Hz", "20 Hz"}, {{"10\u201320 Hz", 0}, {"It is 10 - 20 Hz", 0}}},
      {{"male", "female"}, {{"female voice", 1}}},
      {{"<5 s", ">5 s", "5 s"}, {{">5 s", 1}, {"it lasts >5 s", 1}, {"it lasts 5 s", 2}}},
      {{"A", "B", "C"},
       {{"I hear a C", 2}, {"A dog barks", none}, {"A", 0}, {"The note is A.", 0}}},
      {{"yes", "no"}, {{"yes/no", none}}},
      {{"R&B", "Rock"}, {{"r&b", 0}}},
      {{"R&B", "R"}, {{"R&B", 0}}},
      {{"mp3", "wav"}, {{"MP 3", 0}}},
      {{"A major", "A minor"}, {{"It's in A minor", 1}}},
      {{"F# major", "F major", "Gb major"}, {{"F\u266F major", 0}}},
  };
  for (const auto& [choices, replies] : cases)
    for (const auto& [reply, choice] : replies)
      EXPECT_EQ(judge("choice_text", {choices, {choices[0]}}, reply).choice.value_or(none), choice)
          << choices[0] << ": " << reply;
}

TEST(ChoiceText, takes_a_reply_that_is_a_choice_for_that_one_and_no_other) {
  const Texts parts = {
      "a", "b",      "C", "D",      "#",      "+",      "-",      ".",       "5",      "1",
      "0", " ",      "%", "'",      "\"",     "!",      "?",      "/",       "&",      "(",
      ")", "\u00B0", "s", "\u2019", "\u2014", "\u266F", "\u00E9", "e\u0301", "\u96E8", "\U0001F415",
      "_", "*",      ":", ",",      "$",      " dog",   " rain"};
  std::mt19937 random(1);
  const auto draw = [&] {
    std::string text;
    for (auto count = 1 + random() % 5; count > 0; --count)
      text += parts[random() % parts.size()];
    const auto first = text.find_first_not_of(' '), last = text.find_last_not_of(' ');
    return first == std::string::npos ? "" : text.substr(first, last - first + 1);
  };
  for (int round = 0; round < 5000; ++round) {
    Texts choices;
    while (choices.size() < 4)
      if (const auto text = draw();
          !text.empty() && std::count(choices.begin(), choices.end(), text) == 0)
        choices.push_back(text);
    for (std::size_t k = 0; k < choices.size(); ++k)
      for (std::size_t said = 0; said < choices.size(); ++said)
        ASSERT_EQ(correct("choice_text", {choices, {choices[k]}}, choices[said]), k == said)
            << choices[k] << " | " << choices[said];
  }
}

TEST(NormalizedExact, reads_typeset_quotes_and_dashes_as_plain_ones) {
  EXPECT_TRUE(correct("normalized_exact", {{}, {"it's a two-tone horn"}},
                      "It\u2019s a two\u2013tone horn"));
}

// --- the constant rows and counts of MMAU's published questions

class AnswersOnMmau : public ::testing::Test {
 protected:
  struct Row {
    Question question;
    std::string task, difficulty;
  };
  void SetUp() override {
    const auto* given = std::getenv("EARSHOT_DATA");
    const std::filesystem::path data =
        given != nullptr ? given : EARSHOT_SOURCE_DIR "/../shared/data";
    const auto file = data / "text" / "mmau" / "mmau-test-mini.json";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is absent; set EARSHOT_DATA";
    for (const auto& row : nlohmann::json::parse(earshot::testing::text_of(file)))
      rows.push_back(
          {{row["choices"], {row["answer"].get<std::string>()}}, row["task"], row["difficulty"]});
  }
  using Reply = std::function<std::string(const Question&)>;
  int accepted(
      const std::string& scorer, const Reply& reply,
      const std::function<bool(const Row&)>& wanted = [](const Row&) { return true; }) const {
    int count = 0;
    for (const auto& row : rows)
      count += wanted(row) && correct(scorer, row.question, reply(row.question)) ? 1 : 0;
    return count;
  }
  static Reply option(std::size_t k) {
    return [k](const Question& question) {
      return question.choices[std::min(k, question.choices.size() - 1)];  // the last, of fewer
    };
  }
  static std::string letter(const Question& question) {
    return {static_cast<char>('A' + kit::gold_choice(question.key()).value())};
  }
  std::vector<Row> rows{};
};

TEST_F(AnswersOnMmau, constant_answers_score_as_published) {
  ASSERT_EQ(rows.size(), 1000U);
  const auto first = [&](const std::function<bool(const Row&)>& wanted) {
    return accepted("exact", option(0), wanted);
  };
  EXPECT_EQ(first([](const Row&) { return true; }), 395);
  EXPECT_EQ(accepted("mmau_tokens", option(0)), 398);
  EXPECT_EQ(accepted("mmau_tokens", option(1)), 275);
  EXPECT_EQ(accepted("mmau_tokens", option(2)), 219);
  EXPECT_EQ(accepted("mmau_tokens", option(3)), 137);
  const auto by_length = [](const std::string& a, const std::string& b) {
    return a.size() < b.size();
  };
  EXPECT_EQ(accepted("mmau_tokens",
                     [&](const auto& q) {
                       return *std::max_element(q.choices.begin(), q.choices.end(), by_length);
                     }),
            396);
  EXPECT_EQ(accepted("mmau_tokens",
                     [&](const auto& q) {
                       return *std::min_element(q.choices.begin(), q.choices.end(), by_length);
                     }),
            237);
  const auto task = [](const char* name) {
    return [=](const Row& row) { return row.task == name; };
  };
  EXPECT_EQ(first(task("sound")), 164);   // of 333: 49.25 %
  EXPECT_EQ(first(task("music")), 101);   // of 334: 30.24 %
  EXPECT_EQ(first(task("speech")), 130);  // of 333: 39.04 %
  const auto difficulty = [](const char* name) {
    return [=](const Row& row) { return row.difficulty == name; };
  };
  EXPECT_EQ(first(difficulty("easy")), 76);     // of 224: 33.9 %
  EXPECT_EQ(first(difficulty("medium")), 236);  // of 540: 43.7 %
  EXPECT_EQ(first(difficulty("hard")), 83);     // of 236: 35.2 %
}

TEST_F(AnswersOnMmau, the_official_rule_accepts_and_rejects_as_many_as_published) {
  const auto rejected = [&](const Reply& reply) { return 1000 - accepted("mmau_tokens", reply); };
  const auto gold = [](const Question& question) { return question.golds[0]; };
  EXPECT_EQ(rejected(gold), 0);
  EXPECT_EQ(rejected([&](const auto& q) { return "(" + letter(q) + ") " + gold(q); }), 33);
  EXPECT_EQ(rejected([&](const auto& q) { return "The answer is " + gold(q) + "."; }), 93);
  EXPECT_EQ(rejected([&](const auto& q) { return "The sound is a " + gold(q); }), 169);
  EXPECT_EQ(accepted("mmau_tokens", letter), 2);
  int wrong = 0;
  for (const auto& row : rows)
    for (const auto& choice : row.question.choices)
      wrong +=
          choice != row.question.golds[0] && correct("mmau_tokens", row.question, choice) ? 1 : 0;
  EXPECT_EQ(wrong, 12);
}

TEST_F(AnswersOnMmau, letters_and_texts_of_all_golds_are_read) {
  EXPECT_EQ(accepted("letter", letter), 1000);
  EXPECT_EQ(accepted("letter", [](const auto& q) { return "(" + letter(q) + ") " + q.golds[0]; }),
            1000);
  EXPECT_EQ(accepted("choice_text", [](const auto& q) { return q.golds[0]; }), 1000);
  for (const auto& row : rows)
    for (const auto& choice : row.question.choices)
      EXPECT_EQ(correct("choice_text", row.question, choice),
                kit::normalized_answer(choice) == kit::normalized_answer(row.question.golds[0]))
          << choice;
}

}  // namespace
