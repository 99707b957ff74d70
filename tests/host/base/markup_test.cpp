#include "host/base/markup.hpp"

#include <set>

#include <gtest/gtest.h>

namespace earshot::host {
namespace {

TEST(LatexText, shows_characters_that_latex_would_interpret) {
  EXPECT_EQ(latex_text("log_mel 50 % & #1"), "log\\_mel 50 \\% \\& \\#1");
  EXPECT_EQ(latex_text("\\input{/etc/passwd}"), "\\textbackslash{}input\\{/etc/passwd\\}");
  EXPECT_EQ(latex_text("$x^2$~"), "\\$x\\textasciicircum{}2\\$\\textasciitilde{}");
  EXPECT_EQ(latex_text("a<b>c|d"), "a\\textless{}b\\textgreater{}c\\textbar{}d");
  EXPECT_EQ(latex_text("\"a' `"), "{\\char34}a{\\char39} {\\char96}");
}

TEST(LatexText, is_neither_an_argument_nor_a_ligature) {
  EXPECT_EQ(latex_text("[2ex]"), "{[}2ex{]}") << "after \\\\ it would be a distance";
  EXPECT_EQ(latex_text("*"), "{*}");
  EXPECT_EQ(latex_text("log-mel, 5--10"), "log-mel, 5{-}{-}10");
}

TEST(LatexText, is_one_line_that_pdftex_can_read) {
  EXPECT_EQ(latex_text("two\nlines\ttab"), "two lines tab");
  EXPECT_EQ(latex_text("\u202egpj\xff"), "\\textbf{?}gpj\\textbf{?}");
  EXPECT_EQ(latex_text("\u2248 \u2020 Übung"), "$\\approx$ \\textdagger{} Übung");
}

TEST(MarkdownText, has_neither_markup_nor_html) {
  EXPECT_EQ(markdown_text("a|b `c` [d](e) *f*"), "a\\|b \\`c\\` \\[d\\](e) \\*f\\*");
  EXPECT_EQ(markdown_text("<script>&lt;"), "&lt;script&gt;&amp;lt;");
  EXPECT_EQ(markdown_text("two\nlines"), "two lines");
}

TEST(MarkdownText, keeps_underlines_that_emphasize_nothing) {
  EXPECT_EQ(markdown_text("log_mel"), "log_mel");
  EXPECT_EQ(markdown_text("_mel_"), "\\_mel\\_");
}

TEST(MarkdownCode, stays_in_its_fence_and_its_cell) {
  EXPECT_EQ(markdown_code("a_b <i>"), "`a_b <i>`");
  EXPECT_EQ(markdown_code("a|b\nc"), "`a\\|b c`");
  EXPECT_EQ(markdown_code("a ``b`` `"), "``` a ``b`` ` ```");
}

TEST(HtmlText, has_no_markup_in_elements_and_attributes) {
  EXPECT_EQ(html_text("<b a=\"x\" b='y'>&"), "&lt;b a=&quot;x&quot; b=&#39;y&#39;&gt;&amp;");
  EXPECT_EQ(html_text("a\u202e\x1b[0m"), "a\uFFFD\u0020[0m");
}

TEST(LatexNumber, has_signs_and_powers_as_mathematics) {
  EXPECT_EQ(latex_number("+0.621"), "$+$0.621");
  EXPECT_EQ(latex_number("-0.020 to +0.079"), "$-$0.020 to $+$0.079");
  EXPECT_EQ(latex_number("< 0.0001"), "$<$ 0.0001");
  EXPECT_EQ(latex_number("1.0e-05"), "1.0$\\times10^{-5}$");
  EXPECT_EQ(latex_number("1.5e+12"), "1.5$\\times10^{12}$");
  EXPECT_EQ(latex_number("432"), "432");
}

TEST(MacroNames, consist_of_letters_and_are_readable) {
  MacroNames names("es");
  EXPECT_EQ(names.take("event log_mel difference"), "esEventLogMelDifference");
  EXPECT_EQ(names.take("esc10 95 % interval"), "esEscOneZeroNineFiveInterval");
  EXPECT_EQ(names.take("Übung \\x"), "esBungX");
}

TEST(MacroNames, are_unique_whatever_they_are_made_of) {
  MacroNames names("es");
  std::set<std::string> taken;
  for (int i = 0; i < 2000; ++i)
    for (const std::string text : {"value", "value B", "???", "", "value C"})
      EXPECT_TRUE(taken.insert(names.take(text)).second);
  EXPECT_TRUE(taken.insert(names.take(std::string(10'000, 'x') + "1")).second);
  EXPECT_TRUE(taken.insert(names.take(std::string(10'000, 'x') + "2")).second);
  for (const auto& name : taken) {
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
              std::string::npos)
        << name;
    EXPECT_LT(name.size(), 100u);
  }
}

}  // namespace
}  // namespace earshot::host
