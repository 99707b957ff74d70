#include "host/analyse/compare.hpp"

#include "statistics/interval.hpp"
#include "synthetic.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Compare : public Synthetic {};

/// mimi is right on items that are no multiple of 8, htsat on those that are none of 4: of the 40
/// test items 20 to 59 the multiples of 4 are 10, those of 8 are 5 (24, 32, 40, 48, 56).
TEST_F(Compare, gives_the_paired_difference_with_the_interval_by_clips) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  run(cells_[0], wrong_every(4));
  run(cells_[1], wrong_every(8));
  const auto comparison = compared();
  EXPECT_EQ(comparison.base, "htsat");
  ASSERT_THAT(comparison.lines, SizeIs(1));
  const auto& difference = comparison.lines[0].difference;
  EXPECT_DOUBLE_EQ(difference.base, 0.75);
  EXPECT_DOUBLE_EQ(difference.candidate, 0.875);
  EXPECT_EQ(difference.items, 40);
  EXPECT_EQ(difference.groups, 20);
  EXPECT_EQ(difference.seeds, 1);
  std::vector<double> values;
  statistics::Grouping clips{.dimensions = {{}}};
  for (int i = 20; i < 60; ++i) {
    values.push_back(i % 4 == 0 && i % 8 != 0 ? 1 : 0);
    clips.dimensions[0].push_back(i / 2);
  }
  const auto expected = statistics::mean_interval(values, clips);
  EXPECT_DOUBLE_EQ(difference.interval.estimate, 0.125);
  EXPECT_DOUBLE_EQ(difference.interval.low, expected.low);
  EXPECT_DOUBLE_EQ(difference.interval.high, expected.high);
  EXPECT_DOUBLE_EQ(difference.interval.p_value, expected.p_value);
}

TEST_F(Compare, compares_scores_item_by_item) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  run(cells_[0], wrong_every(4));
  run(cells_[1], wrong_every(8));
  const auto means = compared(), scores = compared({.metric = "f1"});
  ASSERT_THAT(scores.lines, SizeIs(1));
  const auto& difference = scores.lines[0].difference;
  EXPECT_EQ(difference.method, "cluster jackknife");
  EXPECT_EQ(difference.items, 40);
  EXPECT_DOUBLE_EQ(difference.interval.estimate, 0.125);
  EXPECT_NEAR(difference.interval.standard_error, means.lines[0].difference.interval.standard_error,
              1e-7);
  EXPECT_NEAR(difference.interval.p_value, means.lines[0].difference.interval.p_value, 1e-6);
}

TEST_F(Compare, counts_blocks_as_groups_where_items_were_left_out_together) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  run(cells_[0], wrong_every(4));
  run(cells_[1], wrong_every(8));
  std::vector<std::int32_t> block_of;
  std::vector<double> without;
  for (std::int32_t i = 0; i < 40; ++i)
    block_of.push_back(i / 4 % 10);  // two clips each
  for (int block = 0; block < 10; ++block)
    without.push_back(0.5 + 0.01 * block);
  auto& connection = const_cast<Connection&>(store_->connection());
  const auto replace = [&](std::int64_t run, double factor) {
    auto values = without;
    for (auto& value : values)
      value *= factor;
    const auto bytes = statistics::packed(statistics::influences(0.5, values, block_of));
    Statement(connection, "UPDATE replicates SET samples = ? WHERE run_id = ?")
        .run(std::as_bytes(std::span(bytes)), run);
  };
  replace(1, 1);
  replace(2, 1.5);
  const auto difference = compared({.metric = "f1"}).lines[0].difference;
  EXPECT_EQ(difference.groups, 10);
  EXPECT_TRUE(difference.interval.defined());
  block_of[0] = 1;
  replace(2, 1.5);
  EXPECT_EQ(compared({.metric = "f1"}).lines[0].difference.interval.missing,
            "the runs scored different items");
}

TEST_F(Compare, asks_to_run_again_where_runs_hold_resamples_of_an_older_kind) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  run(cells_[0], wrong_every(4));
  run(cells_[1], wrong_every(8));
  auto& connection = const_cast<Connection&>(store_->connection());
  connection.execute("UPDATE replicates SET samples = zeroblob(16000)");
  const auto difference = compared({.metric = "f1"}).lines[0].difference;
  EXPECT_DOUBLE_EQ(difference.interval.estimate, 0.125);
  EXPECT_THAT(difference.interval.missing, HasSubstr("run the experiment again"));
}

TEST_F(Compare, a_line_for_each_slice_of_a_dimension) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  run(cells_[0], wrong_every(4));  // wrong on even items only: those are events
  run(cells_[1], wrong_every(8));
  const auto lines = compared({.by = "category"}).lines;
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0].slices[0].name, "event");
  EXPECT_EQ(lines[0].difference.items, 20);
  EXPECT_DOUBLE_EQ(lines[0].difference.interval.estimate, 0.25);
  EXPECT_EQ(lines[1].slices[0].name, "mood");
  EXPECT_DOUBLE_EQ(lines[1].difference.interval.estimate, 0);
  EXPECT_EQ(lines[1].difference.interval.missing, "all groups have the same mean");
}

TEST_F(Compare, takes_items_that_both_sides_have) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  run(cells_[0], [](std::int64_t i) { return i < 24 ? std::nan("") : i % 4 == 0 ? 0 : 1; });
  run(cells_[1], [](std::int64_t i) { return i >= 58 ? std::nan("") : i % 8 == 0 ? 0 : 1; });
  const auto difference = compared().lines[0].difference;
  EXPECT_EQ(difference.items, 34);
  EXPECT_THAT(difference.notes, ElementsAre("6 items left out: not all runs have them"));
}

TEST_F(Compare, takes_the_seeds_that_both_sides_have_and_counts_the_others) {
  add_cells({"htsat", "mimi"}, {"room"}, 3);
  plan();
  for (const auto& cell : cells_)
    if (cell.encoder == "htsat" || cell.seed < 2) run(cell, wrong_every(4 + cell.seed));
  const auto difference = compared().lines[0].difference;
  EXPECT_EQ(difference.seeds, 2);
  EXPECT_EQ(difference.missing, 1);
}

TEST_F(Compare, counts_the_variance_between_seeds) {
  add_cells({"htsat", "mimi"}, {"room"}, 3);
  plan();
  for (const auto& cell : cells_) {
    const double shift = cell.encoder == "mimi" ? 0.2 * static_cast<double>(cell.seed - 1) : 0;
    const auto noise = [&](std::int64_t i) {
      return (i * 7919 % 13) * 0.01 * (cell.encoder == "mimi" ? 1 : -1) + shift;
    };
    run(cell, noise);
  }
  const auto difference = compared().lines[0].difference;
  EXPECT_EQ(difference.seeds, 3);
  EXPECT_GT(difference.interval.high - difference.interval.low, 0.9);  // t(2) * 0.2 / sqrt(3) twice
}

TEST_F(Compare, pools_the_items_of_folds) {
  for (const auto* encoder : {"htsat", "mimi"})
    for (std::int64_t fold = 1; fold <= 2; ++fold)
      cells_.push_back(cell(encoder, "room", 0, fold));
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(cell.encoder == "mimi" ? 8 : 4), cell.fold == 1 ? 20 : 40,
        cell.fold == 1 ? 40 : 60);
  const auto lines = compared().lines;
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].difference.items, 40);
  EXPECT_DOUBLE_EQ(lines[0].difference.interval.estimate, 0.125);
  const auto score = compared({.metric = "f1"}).lines[0].difference;
  EXPECT_DOUBLE_EQ(score.interval.estimate, 0.125);
  EXPECT_TRUE(score.interval.defined());
}

TEST_F(Compare, marks_nothing_as_significant_whose_interval_holds_0) {
  add_cells({"htsat", "mimi", "dac"}, {"room"}, 1);
  plan();
  run(cells_[0], wrong_every(2));
  run(cells_[1], wrong_every(8));
  run(cells_[2], [](std::int64_t i) { return i % 2 == 0 && i != 20 ? 0.0 : 1.0; });
  const auto lines = compared().lines;
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0].candidate, "mimi");
  EXPECT_TRUE(lines[0].significant());
  EXPECT_GT(lines[0].p_adjusted, lines[0].difference.interval.p_value);
  EXPECT_EQ(lines[1].candidate, "dac");
  EXPECT_LT(lines[1].difference.interval.low, 0);
  EXPECT_FALSE(lines[1].significant());
}

TEST_F(Compare, does_not_compare_scores_of_different_items) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  run(cells_[0], wrong_every(4));
  run(cells_[1], wrong_every(8), 20, 58);
  const auto difference = compared({.metric = "f1"}).lines[0].difference;
  EXPECT_FALSE(difference.interval.defined());
  EXPECT_THAT(difference.notes, ElementsAre("the runs scored different items"));
}

TEST_F(Compare, says_so_where_no_run_is_finished) {
  add_cells({"htsat", "mimi"}, {"room"}, 2);
  plan();
  const auto difference = compared().lines[0].difference;
  EXPECT_EQ(difference.interval.missing, "no pair of finished runs");
  EXPECT_EQ(difference.missing, 2);
  EXPECT_TRUE(std::isnan(difference.interval.estimate));
}

TEST_F(Compare, refuses_unknown_names_with_the_nearest) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(4));
  EXPECT_THAT(refusal([&] { compared({.axis = "encodr"}); }),
              HasSubstr("unknown axis 'encodr'; allowed are 'dataset', 'encoder', 'task'; did you "
                        "mean 'encoder'?"));
  EXPECT_THAT(refusal([&] { compared({.base = "htsta"}); }), HasSubstr("did you mean 'htsat'?"));
  EXPECT_THAT(refusal([&] { compared({.by = "categry"}); }),
              HasSubstr("allowed are 'task', 'category'; did you mean 'category'?"));
  EXPECT_THAT(refusal([&] { compared({.metric = "acuracy"}); }),
              HasSubstr("allowed are 'accuracy', 'error', 'f1'; did you mean 'accuracy'?"));
  EXPECT_THAT(refusal([&] { compared({.axis = "seed"}); }), HasSubstr("unknown axis 'seed'"));
}

TEST_F(Compare, keeps_its_lines_in_the_results_file) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  claim({{"name", "acoustics"}, {"claim", "mimi > htsat"}});
  plan();
  run(cells_[0], wrong_every(4));
  run(cells_[1], wrong_every(8));
  const auto rows = rows_of(compared());
  store_->record_comparisons(store_->require_experiment("ablation"), rows);
  Statement stored(store_->connection(),
                   "SELECT hypothesis, delta, items, correction, method, verdict, note "
                   "FROM comparison ORDER BY hypothesis");
  ASSERT_TRUE(stored.step());
  EXPECT_EQ(stored.text(0), "");
  EXPECT_EQ(stored.real(1), 0.125);
  EXPECT_EQ(stored.integer(2), 40);
  EXPECT_EQ(stored.text(3), "benjamini-hochberg");
  EXPECT_EQ(stored.text(4), "cluster jackknife");
  EXPECT_THAT(stored.text(6), HasSubstr("sign-flip p"));
  ASSERT_TRUE(stored.step());
  EXPECT_EQ(stored.text(0), "acoustics");
  EXPECT_EQ(stored.text(3), "holm");
  EXPECT_NE(stored.text(5), "");
  EXPECT_FALSE(stored.step());
}

}  // namespace
}  // namespace earshot::host
