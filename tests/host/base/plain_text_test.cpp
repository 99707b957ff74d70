#include "host/base/plain_text.hpp"

#include <gtest/gtest.h>

namespace earshot::host {
namespace {

const std::string mark = "\xEF\xBF\xBD";

TEST(PlainText, leaves_text_of_any_language_as_it_is) {
  for (const std::string text :
       {"", "plain", "two\n\tlines", "\xC3\xA4\xE6\xBC\xA2\xF0\x9F\x8E\xB5"})
    EXPECT_EQ(plain_text(text), text);
}

TEST(PlainText, shows_no_character_that_controls_a_terminal) {
  EXPECT_EQ(plain_text("\x1b[31mred\x07"), mark + "[31mred" + mark);
  EXPECT_EQ(plain_text(std::string("a\0b\x7f", 4)), "a" + mark + "b" + mark);
  EXPECT_EQ(plain_text("\xC2\x9B"
                       "2J"),
            mark + "2J")
      << "CSI of C1";
  EXPECT_EQ(plain_text("\xE2\x80\xAE"
                       "gpj"),
            mark + "gpj")
      << "right to left";
}

// Regression: marks of direction passed, and moved the text beside them.
TEST(PlainText, shows_no_mark_of_direction) {
  for (const std::string hidden : {"\u200e", "\u200f", "\u061c", "\u202e", "\u2067", "\u2069"})
    EXPECT_EQ(plain_text("a" + hidden + "1"), "a" + mark + "1");
}

TEST(PlainText, replaces_every_byte_that_is_not_utf8) {
  EXPECT_EQ(plain_text("\xff\xfe"), mark + mark);
  EXPECT_EQ(plain_text("caf\xe9"), "caf" + mark);
  EXPECT_EQ(plain_text("\xC0\xAF"), mark + mark) << "too long a form";
  EXPECT_EQ(plain_text("\xED\xA0\x80"), mark + mark + mark) << "half of a pair";
}

TEST(ShortText, leaves_out_the_middle_and_counts_it) {
  const auto text = short_text("begin" + std::string(10'000, 'x') + "end", 100);
  EXPECT_LT(text.size(), 150u);
  EXPECT_TRUE(text.starts_with("beginx"));
  EXPECT_TRUE(text.ends_with("xend"));
  EXPECT_NE(text.find("[... 9908 bytes left out ...]"), std::string::npos) << text;
  EXPECT_EQ(short_text("short", 100), "short");
}

TEST(ShortText, does_not_split_a_character) {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += "\xE6\xBC\xA2";
  for (std::size_t most = 90; most < 100; ++most)
    EXPECT_EQ(short_text(text, most).find(mark), std::string::npos) << most;
}

}  // namespace
}  // namespace earshot::host
