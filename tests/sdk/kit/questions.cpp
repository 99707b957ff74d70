#include <gmock/gmock.h>

#include <earshot/kit/questions.hpp>

namespace earshot::kit {
namespace {

using ::testing::HasSubstr;

Item asked(const Question& question, std::size_t clips = 1) {
  return {.id = "i", .clips = std::vector<Clip>(clips), .question = question};
}

TEST(Questions, have_a_format_by_their_structure) {
  EXPECT_EQ(format_of({"q", {}, {"yes"}}, 2), "compare");
  EXPECT_EQ(format_of({"q", {"yes", "no"}, {"yes"}}, 1), "multiple_choice");
  EXPECT_EQ(format_of({"q", {}, {"Yes.", " no "}}, 1), "yes_no");
  EXPECT_EQ(format_of({"q", {}, {"yes", "rain"}}, 1), "open");
  EXPECT_EQ(format_of({"q", {}, {"none"}}, 1), "open");
  EXPECT_EQ(format_of({"q", {}, {}}, 1), "open");
}

TEST(Questions, are_at_fault_if_they_cannot_be_answered_or_marked) {
  EXPECT_EQ(question_fault(asked({"q", {"a", "b"}, {"b"}})), "");
  EXPECT_EQ(question_fault({.id = "no question"}), "");
  EXPECT_THAT(question_fault(asked({"\t", {}, {"a"}})), HasSubstr("no text"));
  EXPECT_THAT(question_fault(asked({"q", {}, {}})), HasSubstr("no answer"));
  EXPECT_THAT(question_fault(asked({"q", {}, {"a", ""}})), HasSubstr("an answer is empty"));
  EXPECT_EQ(question_fault(asked({"q", {"a", "b"}, {"B"}})),
            "answer 'B' is not among the choices: 'a', 'b'");
  auto comparison = asked({"q", {}, {"a"}});
  comparison.slices["format"] = "compare";
  EXPECT_THAT(question_fault(comparison), HasSubstr("compares two clips, but there is only one"));
  comparison.clips.emplace_back();
  EXPECT_EQ(question_fault(comparison), "");
}

TEST(Questions, at_fault_are_counted_with_their_place_and_the_first_are_kept) {
  LeftOutRows left_out;
  EXPECT_FALSE(is_faulty(asked({"q", {}, {"a"}}), "q.csv:2", left_out));
  EXPECT_EQ(left_out.count, 0);
  const auto many = static_cast<std::int64_t>(LeftOutRows::examples_kept) + 5;
  for (std::int64_t row = 0; row < many; ++row)
    EXPECT_TRUE(is_faulty(asked({"q", {}, {}}), "q.csv:" + std::to_string(3 + row), left_out));
  EXPECT_EQ(left_out.count, many);
  EXPECT_EQ(left_out.examples.size(), LeftOutRows::examples_kept);
  EXPECT_EQ(left_out.examples.front(),
            "q.csv:3: the question has no answer; expected at least one");
}

}  // namespace
}  // namespace earshot::kit
