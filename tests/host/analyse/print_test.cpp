#include <sstream>

#include "host/analyse/compare.hpp"
#include "host/analyse/text.hpp"
#include "synthetic.hpp"

namespace earshot::host {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Print : public Synthetic {
 protected:
  std::string printed(const CompareOptions& options, bool markdown = false) const {
    std::ostringstream out;
    print(out, compared(options), markdown);
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
  const auto text = printed({.by = {"category"}}, true);
  EXPECT_THAT(text, HasSubstr("| task | category | encoder | items |"));
  EXPECT_THAT(text, HasSubstr("\n| --- | --- |"));
  EXPECT_THAT(text, HasSubstr("\n| room | event | mimi | 20 | 1 | 0.000 | 0.750 | +0.750 |"));
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
