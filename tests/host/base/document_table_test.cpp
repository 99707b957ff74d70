#include "host/base/document_table.hpp"

#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>

#include "host/base/markup.hpp"
#include "latex.hpp"

namespace earshot::host {
namespace {

using earshot::testing::hostile_names;
using earshot::testing::LatexTables;
using earshot::testing::pdflatex_says;
using ::testing::HasSubstr;
using ::testing::Not;

using Write = void (*)(std::ostream&, const ShownTable&);

std::string text_of(Write write, const ShownTable& table) {
  std::ostringstream out;
  write(out, table);
  return out.str();
}

ShownTable two_rows() {
  return {
      .frame = {"scenes: encoder", "n = 432.", "scenes", true},
      .columns = {"encoder", "value", "difference"},
      .rows = {{{{"log_mel"}, {"0.696", true, Standing::better}, {"+0.621", true}}, "log_mel"},
               {{{"mfcc"}, {"0.385", true, Standing::tied}, {"-0.05", true, Standing::untested}},
                "mfcc"}}};
}

/// Every text is hostile.
ShownTable hostile_table() {
  ShownTable table{.frame = {hostile_names[4], hostile_names[0], hostile_names[5], true}};
  for (const auto& name : hostile_names)
    table.columns.push_back(name);
  for (const auto& name : hostile_names) {
    auto& row = table.rows.emplace_back();
    row.name = name;
    for (const auto& text : hostile_names)
      row.cells.push_back({text});
    row.cells.back() = {"-0.5", true, Standing::better};
  }
  return table;
}

TEST(DocumentTable, in_latex_has_booktabs_rules_and_a_macro_for_each_number) {
  EXPECT_EQ(text_of(write_latex, two_rows()),
            R"(% needs \usepackage{booktabs}
\newcommand{\esScenesLogMelValue}{0.696}
\newcommand{\esScenesLogMelDifference}{$+$0.621}
\newcommand{\esScenesMfccValue}{0.385}
\newcommand{\esScenesMfccDifference}{$-$0.05}
\begin{table}
\centering
\caption{scenes: encoder. n = 432.}
\begin{tabular}{lrr}
\toprule
encoder & value & difference \\
\midrule
log\_mel & \textbf{\esScenesLogMelValue{}} & \esScenesLogMelDifference{} \\
mfcc & \esScenesMfccValue{}$^{\approx}$ & \esScenesMfccDifference{}$^{\dagger}$ \\
\bottomrule
\end{tabular}
\end{table}
)");
  const LatexTables tables(text_of(write_latex, two_rows()));
  EXPECT_EQ(tables.problem, "");
  EXPECT_EQ(tables.macros.size(), 4u);
  ASSERT_EQ(tables.rows.size(), 2u);
  EXPECT_EQ(tables.shown(tables.rows[1][2]), "$-$0.05");
}

TEST(DocumentTable, in_markdown_and_html_shows_the_same_marks) {
  EXPECT_EQ(text_of(write_markdown, two_rows()),
            "**scenes: encoder**\n\n| encoder | value | difference |\n| --- | --- | --- |\n"
            "| log_mel | **0.696** | +0.621 |\n| mfcc | 0.385 \u2248 | -0.05 \u2020 |\n\n"
            "n = 432.\n");
  const auto html = text_of(write_html, two_rows());
  EXPECT_THAT(html, HasSubstr("<caption>scenes: encoder. n = 432.</caption>"));
  EXPECT_THAT(html, HasSubstr("<tr><td>log_mel</td><td class=\"number\"><strong>0.696</strong></td>"
                              "<td class=\"number\">+0.621</td></tr>"));
  EXPECT_THAT(html, HasSubstr("0.385<sup>\u2248</sup>"));
  EXPECT_THAT(html, HasSubstr("-0.05<sup>\u2020</sup>"));
}

TEST(DocumentTable, shows_hostile_names_as_text_in_latex) {
  const auto text = text_of(write_latex, hostile_table());
  const LatexTables tables(text);
  EXPECT_EQ(tables.problem.substr(0, 300), "");
  ASSERT_EQ(tables.rows.size(), hostile_names.size());
  EXPECT_EQ(tables.rows[0][4], latex_text(hostile_names[4]));
  EXPECT_EQ(tables.macros.size(), hostile_names.size());
}

TEST(DocumentTable, compiles_with_hostile_names) {
  const auto said = pdflatex_says(text_of(write_latex, hostile_table()));
  if (said == "no pdflatex") GTEST_SKIP() << said;
  EXPECT_EQ(said, "");
}

TEST(DocumentTable, shows_hostile_names_as_text_in_html) {
  const auto html = text_of(write_html, hostile_table());
  std::size_t tags = 0;
  for (auto at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const auto tag = html.substr(at + 1, html.find_first_of(" >\n", at) - at - 1);
    EXPECT_THAT(
        (std::vector<std::string>{"!doctype", "html",  "meta",   "title",   "/title",   "style",
                                  "/style",   "table", "/table", "caption", "/caption", "thead",
                                  "/thead",   "tbody", "/tbody", "tr",      "/tr",      "th",
                                  "/th",      "td",    "/td",    "strong",  "/strong"}),
        ::testing::Contains(tag));
    ++tags;
  }
  EXPECT_GT(tags, 2 * hostile_names.size() * hostile_names.size());
  EXPECT_THAT(html, Not(HasSubstr("\x1b")));
  EXPECT_THAT(html, Not(HasSubstr("\u200f")));
}

TEST(DocumentTable, shows_hostile_names_as_text_in_markdown) {
  auto table = hostile_table();
  table.frame = {};
  std::istringstream lines(text_of(write_markdown, table));
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    std::size_t bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '\\') {
        ++i;
        continue;
      }
      bars += line[i] == '|' ? 1 : 0;
      EXPECT_NE(line[i], '<') << line.substr(0, 200);
      EXPECT_NE(line[i], '`') << line.substr(0, 200);
    }
    EXPECT_EQ(bars, hostile_names.size() + 1) << line.substr(0, 200);
  }
  EXPECT_EQ(count, hostile_names.size() + 2);
}

}  // namespace
}  // namespace earshot::host
