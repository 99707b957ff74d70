#include <sstream>

#include "host/analyse/compare.hpp"
#include "host/analyse/text.hpp"
#include "synthetic.hpp"

namespace earshot::host {
namespace {

using ::testing::HasSubstr;

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
  EXPECT_THAT(text, HasSubstr("over 1 difference)"));
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
                        "mimi: mine.safetensors, trained on what is not said\n"
                        "untrained: random, untrained\n\n"));
}

TEST_F(Print, says_where_datasets_have_the_right_answers_from) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  slices_ = {{"category", {{"mood", 40}}}, {"gold_from", {{"audio", 10}, {"caption", 30}}}};
  plan();
  EXPECT_THAT(printed({}), HasSubstr("gold of scenes: 25 % audio, 75 % caption\n\n"));
}

TEST_F(Print, shows_markdown) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(cell.encoder == "mimi" ? 8 : 2));
  const auto text = printed({.by = "category"}, true);
  EXPECT_THAT(text, HasSubstr("| task | category | encoder | items |"));
  EXPECT_THAT(text, HasSubstr("\n| --- | --- |"));
  EXPECT_THAT(text, HasSubstr("\n| room | event | mimi | 20 | 1 | 0.000 | 0.750 | +0.750 |"));
}

TEST_F(Print, says_so_when_there_is_nothing_to_compare) {
  add_cells({"htsat"}, {"room"}, 1);
  plan();
  EXPECT_THAT(printed({}), HasSubstr("nothing to compare with 'htsat'"));
}

TEST(Text, numbers_keep_what_tells_them_apart) {
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
