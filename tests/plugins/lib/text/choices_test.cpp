#include <algorithm>
#include <random>

#include "judging.hpp"

namespace {

using namespace earshot;

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

TEST(Letters, are_not_articles_pronouns_or_notes_and_not_two_at_once) {
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

// Regression: "The answer is not (B)." counted as an answer, the one that it denies.
TEST(Letters, that_are_denied_are_no_answers) {
  for (const auto* reply :
       {"The answer is not (B).", "The answer cannot be B.", "I would not choose B.",
        "It can't be B.", "I wouldn’t go with B.", "Don't choose B", "I do not think it is B",
        "It is never B.", "The answer isn't (B)", "Not (B).", "(B) is wrong.", "(B) is not correct",
        "不选B", "答案不是B"})
    EXPECT_EQ(judge("letter", four, reply).choice, std::nullopt) << reply;
  for (const auto* reply :
       {"It is not A, it is B", "I'm not sure but the answer is B", "Not sure, I guess B",
        "It is not rain, so the answer is B", "The answer is not A. The answer is B.",
        "The answer is B, not A.", "The answer is (B), not (A).", "B, not A",
        "The answer is B because it is not rain", "I cannot hear rain; I pick B",
        "A is not correct, B is correct", "(A) is wrong. (B) is right.", "I do not hear rain. (B)",
        "It doesn't matter; answer: B", "(B) Cannot be determined."})
    EXPECT_EQ(judge("letter", four, reply).choice, 1U) << reply;
}

// Regression: such replies counted as no answer.
TEST(Letters, are_found_in_other_languages_and_their_punctuation) {
  for (const auto* reply :
       {"B。", "【B】", "「B」", "B、", "答案：B", "答案是 B", "正确答案是B，因为有风", "我选择B。",
        "答えはB", "정답은 B입니다", "Die Antwort ist B.", "Ответ: B", "La réponse est (B)",
        "Respuesta: B", "ans: B"})
    EXPECT_EQ(judge("letter", four, reply).choice, 1U) << reply;
}

TEST(Letters, may_be_numbers_if_no_choice_has_one) {
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

}  // namespace
