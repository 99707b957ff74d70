#include "host/base/table.hpp"

#include <limits>
#include <sstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/base/failure.hpp"

namespace earshot::host {
namespace {

using protocol::Json;
using Rows = std::vector<std::vector<Json>>;

std::string written(Format format, const std::vector<std::string>& columns, const Rows& rows,
                    std::size_t width = 0) {
  std::ostringstream out;
  TableWriter table(out, columns, format, width);
  for (const auto& row : rows)
    table.row(row);
  table.finish();
  return out.str();
}

TEST(Table, aligns_text_to_the_left_and_numbers_to_the_right) {
  EXPECT_EQ(written(Format::table, {"name", "n", "value"},
                    {{"mel", 7, 0.5}, {"Übung", 1200, 0.123456}, {"x", nullptr, -1e-9}}),
            "name      n   value\n"
            "-----  ----  ------\n"
            "mel       7     0.5\n"
            "Übung  1200  0.1235\n"
            "x            -1e-09\n");
}

TEST(Table, keeps_every_row_on_one_line) {
  EXPECT_EQ(written(Format::table, {"error"}, {{"first\nsecond"}}),
            "error\n------------\nfirst second\n");
}

TEST(Table, leaves_out_columns_that_are_empty_in_all_rows) {
  const Rows rows{{"mel", nullptr, 1, ""}, {"mfcc", "", nullptr, ""}};
  EXPECT_EQ(written(Format::table, {"encoder", "mapper", "n", "note"}, rows),
            "encoder  n\n-------  -\nmel      1\nmfcc\n");
  EXPECT_EQ(written(Format::csv, {"encoder", "mapper", "n", "note"}, rows),
            "encoder,mapper,n,note\nmel,,1,\nmfcc,,,\n");
}

TEST(Table, is_no_wider_than_the_terminal) {
  const Rows rows{{"a very long note that goes on", 0.25, "short"}, {"über", 1, "x"}};
  EXPECT_EQ(written(Format::table, {"note", "value", "name"}, rows, 29),
            "note             value  name\n"
            "---------------  -----  -----\n"
            "a very long no\u2026   0.25  short\n"
            "über                 1  x\n");
  EXPECT_EQ(written(Format::table, {"note", "value", "name"}, rows, 200),
            written(Format::table, {"note", "value", "name"}, rows));
}

TEST(Table, without_rows_still_names_its_columns) {
  EXPECT_EQ(written(Format::table, {"a", "b"}, {}), "a  b\n-  -\n");
  EXPECT_EQ(written(Format::csv, {"a", "b"}, {}), "a,b\n");
  EXPECT_EQ(written(Format::json, {"a", "b"}, {}), "[]\n");
}

TEST(Table, quotes_csv_fields_that_need_it_and_keeps_all_digits) {
  EXPECT_EQ(written(Format::csv, {"a", "b"}, {{"x, \"y\"", 0.1}, {"two\nlines", nullptr}}),
            "a,b\n\"x, \"\"y\"\"\",0.1\n\"two\nlines\",\n");
}

TEST(Table, json_has_an_object_per_row_with_null_for_numbers_that_are_not_finite) {
  const auto text = written(Format::json, {"b", "a"},
                            {{"q\"", std::numeric_limits<double>::quiet_NaN()}, {1, true}});
  EXPECT_EQ(text, "[\n {\"b\": \"q\\\"\", \"a\": null},\n {\"b\": 1, \"a\": true}\n]\n");
  EXPECT_EQ(Json::parse(text).size(), 2U);
}

TEST(Table, survives_invalid_utf8) {
  EXPECT_NO_THROW(written(Format::json, {"a"}, {{"\xff\xfe"}}));
  EXPECT_NO_THROW(written(Format::table, {"a"}, {{"\xff\xfe"}}));
}

TEST(Table, writes_one_object_per_line) {
  EXPECT_EQ(written(Format::jsonl, {"a", "b"}, {{1, "x"}, {nullptr, "y"}}),
            "{\"a\": 1, \"b\": \"x\"}\n{\"a\": null, \"b\": \"y\"}\n");
}

TEST(Table, marks_texts_that_a_spreadsheet_would_compute_but_not_numbers) {
  EXPECT_EQ(written(Format::spreadsheet, {"a", "b"}, {{"=1+1", -2}, {"@x", "-"}, {"plain", "+1"}}),
            "a,b\n'=1+1,-2\n'@x,'-\nplain,'+1\n");
  EXPECT_EQ(written(Format::csv, {"a"}, {{"=1+1"}}), "a\n=1+1\n");
}

TEST(Table, refuses_a_row_of_another_width) {
  EXPECT_THROW(written(Format::csv, {"a"}, {{1, 2}}), std::logic_error);
}

TEST(Table, names_the_known_formats_for_an_unknown_one) {
  EXPECT_EQ(format_of("csv"), Format::csv);
  try {
    format_of("jsn");
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), ExitCode::usage);
    EXPECT_STREQ(failure.what(),
                 "--format: unknown format 'jsn'; allowed are table, csv, json, jsonl, markdown, "
                 "latex, html; did you mean 'json'?");
  }
  EXPECT_EQ(format_of("md"), Format::markdown);
}

TEST(Table, on_a_terminal_no_format_prints_what_would_control_it) {
  for (const auto format : {Format::table, Format::csv, Format::spreadsheet, Format::json,
                            Format::jsonl, Format::markdown, Format::latex, Format::html}) {
    const auto text = written(format, {"name\x1b[1m"}, {{"\x1b[31m\u202egpj"}}, 80);
    EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
    EXPECT_EQ(text.find("\u202e"), std::string::npos) << text;
  }
  EXPECT_EQ(written(Format::csv, {"name"}, {{"\x1b[0m"}}), "name\n\x1b[0m\n")
      << "a program gets what is stored";
}

TEST(Table, of_any_rows_is_a_document_with_macros_named_after_their_texts) {
  const Rows rows{{"mel", nullptr, 3, 0.123456}, {"mfcc", "", 4, -1e-9}};
  EXPECT_EQ(written(Format::markdown, {"encoder", "mapper", "n", "value"}, rows),
            "| encoder | n | value |\n| --- | --- | --- |\n| mel | 3 | 0.1235 |\n"
            "| mfcc | 4 | -1e-09 |\n");
  EXPECT_EQ(written(Format::latex, {"encoder", "mapper", "n", "value"}, rows),
            "% needs \\usepackage{booktabs}\n"
            "\\newcommand{\\esMelN}{3}\n"
            "\\newcommand{\\esMelValue}{0.1235}\n"
            "\\newcommand{\\esMfccN}{4}\n"
            "\\newcommand{\\esMfccValue}{$-$1$\\times10^{-9}$}\n"
            "\\begin{tabular}{lrr}\n\\toprule\nencoder & n & value \\\\\n\\midrule\n"
            "mel & \\esMelN{} & \\esMelValue{} \\\\\nmfcc & \\esMfccN{} & \\esMfccValue{} "
            "\\\\\n\\bottomrule\n\\end{tabular}\n");
}

}  // namespace
}  // namespace earshot::host
