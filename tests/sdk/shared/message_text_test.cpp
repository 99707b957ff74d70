#include "shared/message_text.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace earshot::shared {
namespace {

TEST(MessageText, writes_a_number_as_the_shortest_that_reads_back) {
  EXPECT_EQ(json_text(1000.0), "1000.0");
  EXPECT_EQ(json_text(-0.5), "-0.5");
  EXPECT_EQ(json_text(0.1), "0.1");
  EXPECT_EQ(json_text(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(json_text(-0.0), "-0.0");
}

// Regression: 0.0001 was written 1e-04 by the SDK and 0.0001 by the runner.
TEST(MessageText, writes_an_exponent_only_for_very_small_and_large_numbers) {
  EXPECT_EQ(json_text(0.0001), "0.0001");
  EXPECT_EQ(json_text(0.00001), "1e-05");
  EXPECT_EQ(json_text(100000.0), "100000.0");
  EXPECT_EQ(json_text(123456789012345.0), "123456789012345.0");
  EXPECT_EQ(json_text(1e15), "1e+15");
  EXPECT_EQ(json_text(-1.5e300), "-1.5e+300");
}

TEST(MessageText, has_words_for_numbers_that_are_not_finite) {
  constexpr auto infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(json_text(infinity), "inf");
  EXPECT_EQ(number_text(-infinity), "-inf");
  EXPECT_EQ(number_text(std::abs(std::nan(""))), "nan");
}

TEST(MessageText, writes_a_whole_number_without_decimals_for_people) {
  EXPECT_EQ(number_text(1000), "1000");
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(0.25), "0.25");
  EXPECT_EQ(number_text(1e-5), "1e-05");
}

TEST(MessageText, escapes_what_would_end_or_break_a_text) {
  EXPECT_EQ(json_text("a \"b\" \\ \n\t\x1b[0m \xC3\xA9 it's"),
            "\"a \\\"b\\\" \\\\ \\n\\t\\u001b[0m \xC3\xA9 it's\"");
  EXPECT_EQ(in_quotes("a \"b\" \\xE9 \n\x1b[0m it's"), "'a \"b\" \\xE9 \\n\\u001b[0m it\\'s'");
}

}  // namespace
}  // namespace earshot::shared
