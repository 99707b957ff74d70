#include <sstream>

#include "host/analyse/compare.hpp"
#include "host/analyse/text.hpp"
#include "latex.hpp"
#include "statistics/random.hpp"
#include "synthetic.hpp"

namespace earshot::host {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Print : public Synthetic {
 protected:
  std::string printed(const CompareOptions& options, Format format = Format::table) const {
    std::ostringstream out;
    print(out, compared(options), format);
    return out.str();
  }
};

TEST_F(Print, shows_aligned_lines_a_legend_what_is_missing_and_the_verdicts) {
  claim({{"name", "acoustics"}, {"claim", "mimi > htsat"}});
  add_cells({"htsat", "mimi", "dac"}, {"room"}, 2);
  plan();
  for (const auto& cell : cells_)
    if (cell.encoder != "dac" || cell.seed == 0)
      run(cell, wrong_every(cell.encoder == "mimi" ? 8 : 2));
  const auto text = printed({});
  EXPECT_THAT(text, HasSubstr("ablation: encoder, each against htsat (accuracy)\n\n"
                              "task  encoder  items  seeds  htsat  value  difference  "));
  EXPECT_THAT(text, HasSubstr("\nroom  mimi     40     2      0.500  0.875  +0.375      +"));
  EXPECT_THAT(text, HasSubstr("better\n"));
  EXPECT_THAT(text,
              HasSubstr("\n      dac      40     1      0.500  0.500  +0.000      all groups"));
  EXPECT_THAT(text, HasSubstr("1 comparison). Exploratory"));
  EXPECT_THAT(text, HasSubstr("room, dac: 1 pair of runs missing\n"));
  EXPECT_THAT(text, HasSubstr("acoustics (mimi > htsat): supported, mimi is better than htsat"));
}

TEST_F(Print, says_what_weights_were_trained_on) {
  add_cells({"htsat", "mimi", "untrained", "level"}, {"room"}, 1);
  cells_[0].weights = "hf://a/clap";
  cells_[0].pretrain_data = {"AudioSet", "FSD50K"};
  cells_[0].in_domain = true;
  cells_[1].weights = "mine.safetensors";
  cells_[2].weights = "random";
  cells_[2].pretrain_data = Json::array();
  plan();
  EXPECT_THAT(printed({}),
              HasSubstr("htsat: hf://a/clap, trained on AudioSet, FSD50K; in domain: scenes\n"
                        "mimi: mine.safetensors, training data not stated\n"
                        "untrained: random, untrained\n\n"));
}

TEST_F(Print, says_where_the_reference_answers_of_datasets_come_from) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  slices_ = {{"category", {{"mood", 40}}}, {"heard", {{"audio", 10}, {"caption", 30}}}};
  slice_roles_ = {{"answer_origin", "heard"}};
  plan();
  EXPECT_THAT(printed({}), HasSubstr("reference answers of scenes: 25 % audio, 75 % caption\n\n"));
}

TEST_F(Print, shows_markdown) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(cell.encoder == "mimi" ? 8 : 2));
  const auto text = printed({.by = {"category"}}, Format::markdown);
  EXPECT_THAT(text, HasSubstr("| task | category | encoder | items |"));
  EXPECT_THAT(text, HasSubstr("\n| --- | --- |"));
  EXPECT_THAT(text, HasSubstr("\n| room | event | mimi | 20 | 1 | 0.000 | **0.750** | +0.750 |"));
  EXPECT_THAT(text,
              HasSubstr("n = 20 items in 20 groups, seeds: 1. Test: t intervals of 95 % on the "
                        "variance of the cluster jackknife"));
}

TEST_F(Print, says_n_seeds_and_test_in_captions) {
  claim({{"name", "acoustics"}, {"claim", "mimi > htsat"}});
  add_cells({"htsat", "mimi", "dac"}, {"room"}, 2);
  plan();
  for (const auto& cell : cells_)
    if (cell.encoder != "dac" || cell.seed == 0)
      run(cell, wrong_every(cell.encoder == "mimi" ? 8 : 2));
  const auto text = printed({}, Format::latex);
  const earshot::testing::LatexTables tables(text);
  EXPECT_EQ(tables.problem, "");
  ASSERT_EQ(tables.captions.size(), 1u);
  EXPECT_THAT(tables.captions[0],
              HasSubstr("ablation: encoder, each against htsat (accuracy). n = 40 items in 20 "
                        "groups, seeds: 1 to 2. Test: t intervals of 95 \\% on the variance of the "
                        "cluster jackknife; p adjusted over 1 comparison (Benjamini-Hochberg). "
                        "Bold: "));
  EXPECT_THAT(tables.captions[0], HasSubstr("\\textdagger{}: no interval, so not tested."));
  EXPECT_EQ(tables.macros.at("esAblationAgainstHtsatRoomMimiDifference"), "$+$0.375");
  EXPECT_THAT(text, HasSubstr("\n% acoustics (mimi > htsat): supported"));
  EXPECT_THAT(printed({}, Format::html), HasSubstr("<p>acoustics (mimi &gt; htsat): supported"));
}

/// The marks of a cell: "b" bold, "t" tied, "u" untested, in any format of documents.
std::string marks_of(const std::string& cell) {
  const auto has = [&](const char* text) { return cell.find(text) != std::string::npos; };
  return std::string(has("\\textbf{\\") || has("**") || has("<strong>") ? "b" : "") +
         (has("\\approx") || has("\u2248") ? "t" : "") +
         (has("\\dagger") || has("\u2020") ? "u" : "");
}

/// The cells below the head of a table in Markdown or HTML.
std::vector<std::vector<std::string>> cells_in(const std::string& text, Format format) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(text);
  const std::string begin = format == Format::html ? "<tr><td" : "| ";
  const std::string between = format == Format::html ? "</td>" : " |";
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(begin)) continue;
    auto& cells = rows.emplace_back();
    for (std::size_t at = 0, end; (end = line.find(between, at)) != std::string::npos;
         at = end + between.size())
      cells.push_back(line.substr(at, end - at));
  }
  if (format == Format::markdown) rows.erase(rows.begin(), rows.begin() + 2);  // head and rule
  return rows;
}

// What a mark claims is recomputed from the interval of the line alone.
TEST_F(Print, a_value_is_bold_only_if_the_interval_supports_that_it_is_better) {
  const std::vector<std::string> encoders{"htsat", "a", "b", "c", "d", "e", "f", "g"};
  add_cells(encoders, {"one", "two"}, 1);
  plan();
  statistics::Random random(11);
  for (const auto& cell : cells_) {
    if (cell.encoder == "g" && cell.task == "two") continue;  // nothing to compare
    // From clearly worse to clearly better, some of them near the border.
    const double right =
        0.45 + 0.08 * double(cell.encoder[0] - 'a') * (cell.task == "one" ? 1 : -1);
    run(cell, [&](std::int64_t) {
      return random.uniform() < (cell.encoder == "htsat" ? 0.5 : right) ? 1.0 : 0.0;
    });
  }
  std::set<std::string> seen;
  for (const auto* metric : {"accuracy", "error"}) {
    const CompareOptions options{.metric = metric};
    const auto lines = compared(options).lines;
    const bool higher = lines.at(0).difference.higher_is_better;
    for (const auto format : {Format::latex, Format::markdown, Format::html}) {
      const auto text = printed(options, format);
      const auto rows = format == Format::latex ? earshot::testing::LatexTables(text).rows
                                                : cells_in(text, format);
      ASSERT_EQ(rows.size(), lines.size());
      for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto& line = lines[i];
        const auto& interval = line.difference.interval;
        const bool excludes = interval.low > 0 || interval.high < 0;
        std::string own, base, difference;
        if (!interval.defined())
          difference = "u";
        else if (!excludes || line.p_adjusted >= 0.05)
          own = base = "t";
        else
          ((interval.low > 0) == higher ? own : base) = "b";
        // Columns: task, encoder, items, seeds, htsat, value, difference.
        EXPECT_EQ(marks_of(rows[i].at(4)), base) << rows[i].at(4);
        EXPECT_EQ(marks_of(rows[i].at(5)), own) << rows[i].at(5);
        EXPECT_EQ(marks_of(rows[i].at(6)), difference) << rows[i].at(6);
        seen.insert(own + "," + base + "," + difference);
      }
    }
  }
  EXPECT_EQ(seen, (std::set<std::string>{"b,,", ",b,", "t,t,", ",,u"})) << "all of them occur";
}

TEST_F(Print, shows_hostile_names_as_text_in_every_format) {
  const auto& names = earshot::testing::hostile_names;
  add_cells({"htsat", names[0], names[2], names[3], names[4], names[11]}, {names[5]}, 1);
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(cell.encoder == "htsat" ? 2 : 8));
  const earshot::testing::LatexTables tables(printed({}, Format::latex));
  EXPECT_EQ(tables.problem.substr(0, 300), "");
  EXPECT_EQ(tables.rows.size(), 5u);
  for (const auto format : {Format::table, Format::markdown, Format::latex, Format::html}) {
    const auto text = printed({}, format);
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, Not(HasSubstr("\u202e")));
    if (format == Format::markdown || format == Format::html) {
      EXPECT_THAT(text, Not(HasSubstr("<script")));
    }
  }
}

TEST_F(Print, compiles_with_latex) {
  add_cells({"htsat", "log_mel", earshot::testing::hostile_names[4]}, {"room"}, 2);
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(cell.encoder == "htsat" ? 2 : 8));
  const auto said = earshot::testing::pdflatex_says(printed({.by = {"category"}}, Format::latex));
  if (said == "no pdflatex") GTEST_SKIP() << said;
  EXPECT_EQ(said, "");
}

TEST_F(Print, says_so_when_there_is_nothing_to_compare) {
  add_cells({"htsat"}, {"room"}, 1);
  plan();
  EXPECT_THAT(printed({}), HasSubstr("nothing to compare with 'htsat'"));
}

TEST_F(Print, has_one_column_for_each_axis_that_distinguishes_conditions) {
  add_cells({"htsat", "mimi"}, {"blind", "hearing"}, 1);
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(cell.task == "hearing" ? 8 : 2));
  const auto text = printed({.axis = "task", .base = "blind"});
  EXPECT_THAT(text, HasSubstr("ablation: task, each against blind (accuracy)\n\n"
                              "encoder  task     items  seeds  blind  value  "));
  EXPECT_THAT(text, HasSubstr("\nhtsat    hearing  40     1      0.500  0.875"));
  EXPECT_THAT(text, HasSubstr("\nmimi     hearing  40     1      0.500  0.875"));
}

TEST_F(Print, an_option_axis_does_not_label_lines_with_the_value_of_the_base) {
  for (const int n : {40, 160})
    for (const auto* encoder : {"htsat", "mimi"})
      cells_.push_back(with(cell(encoder, "lr", 0), "task.n_train", n));
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(4));
  const auto text = printed({.axis = "task.n_train", .base = "160"});
  EXPECT_THAT(text, HasSubstr("task  encoder  task.n_train"));
  EXPECT_THAT(text, HasSubstr("\nlr    htsat    40"));
  EXPECT_THAT(text, Not(HasSubstr("n_train=160")));
}

TEST_F(Print, says_what_is_missing_once) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  cells_.push_back(cell("dac", "noise", 0));
  plan();
  const auto text = printed({});
  EXPECT_THAT(text, Not(HasSubstr("noise")));
  EXPECT_THAT(text, HasSubstr("no cell of dac can be paired with one of htsat\n"));
  EXPECT_EQ(text.find("no pair of finished runs"), text.rfind("no pair of finished runs"));
}

TEST_F(Print, prints_the_reason_below_the_table_if_sides_are_not_compared) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  cells_[0].identity = {{"evaluator", {{"options", {{"scorer", "letter"}}}}}};
  cells_[1].identity = {{"evaluator", {{"options", {{"scorer", "auto"}}}}}};
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(4));
  const auto text = printed({});
  EXPECT_THAT(text, HasSubstr("none, see below"));
  EXPECT_THAT(text, HasSubstr("room, mimi: scored by different rules, letter (htsat) and auto "
                              "(mimi); --allow-different-scoring compares them anyway\n"));
}

TEST(Text, numbers_keep_the_digits_that_distinguish_them) {
  EXPECT_EQ(number_text(0.1234), "0.123");
  EXPECT_EQ(number_text(0.00001), "1.0e-05");
  EXPECT_EQ(number_text(12345.6), "12346");
  EXPECT_EQ(number_text(-0.0), "0.000");
  EXPECT_EQ(signed_text(-2.8e-18), "+0.000");
  EXPECT_EQ(signed_text(std::nan("")), "-");
  EXPECT_EQ(number_text(std::nan("")), "-");
  EXPECT_EQ(signed_text(0.5), "+0.500");
  EXPECT_EQ(signed_text(-0.5), "-0.500");
  EXPECT_EQ(p_text(0.00001), "< 0.0001");
  EXPECT_EQ(p_text(0.0042), "0.0042");
  EXPECT_EQ(p_text(0.3), "0.300");
}

}  // namespace
}  // namespace earshot::host
