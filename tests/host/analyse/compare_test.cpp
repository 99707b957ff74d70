#include "host/analyse/compare.hpp"

#include <map>

#include "host/analyse/conditions.hpp"
#include "statistics/interval.hpp"
#include "synthetic.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Compare : public Synthetic {};

/// mimi is right on items that are not multiples of 8, htsat on those that are not multiples of 4:
/// the 40 test items 20 to 59 contain 10 multiples of 4 and 5 multiples of 8 (24, 32, 40, 48, 56).
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
  auto& connection = const_cast<Connection&>(connection_of(*store_));
  const auto replace = [&](std::int64_t run, double factor) {
    auto values = without;
    for (auto& value : values)
      value *= factor;
    const auto bytes = statistics::packed(statistics::influences(0.5, values, block_of));
    Statement(connection, "UPDATE contribution SET packed = ? WHERE run_id = ?")
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

TEST_F(Compare, asks_to_run_again_if_runs_store_an_older_kind_of_resamples) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  run(cells_[0], wrong_every(4));
  run(cells_[1], wrong_every(8));
  auto& connection = const_cast<Connection&>(connection_of(*store_));
  connection.execute("UPDATE contribution SET packed = zeroblob(16000)");
  const auto difference = compared({.metric = "f1"}).lines[0].difference;
  EXPECT_DOUBLE_EQ(difference.interval.estimate, 0.125);
  EXPECT_THAT(difference.interval.missing, HasSubstr("run the experiment again"));
}

TEST_F(Compare, a_line_for_each_slice_of_a_dimension) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  run(cells_[0], wrong_every(4));  // wrong on even items only, which are events
  run(cells_[1], wrong_every(8));
  const auto lines = compared({.by = {"category"}}).lines;
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
  EXPECT_THAT(difference.notes, ElementsAre("2 items left out that only htsat has",
                                            "4 items left out that only mimi has"));
}

TEST_F(Compare, takes_the_seeds_that_both_sides_have_and_counts_the_others) {
  add_cells({"htsat", "mimi"}, {"room"}, 3);
  plan();
  for (const auto& cell : cells_)
    if (cell.encoder == "htsat" || cell.seed < 2) run(cell, wrong_every(4 + cell.seed));
  const auto difference = compared().lines[0].difference;
  EXPECT_EQ(difference.seeds, 2);
  EXPECT_EQ(difference.missing, 1);
  EXPECT_THAT(difference.notes, IsEmpty());
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

TEST_F(Compare, seeds_of_different_folds_are_not_taken_for_one_another) {
  for (const auto* encoder : {"htsat", "mimi"})
    for (std::int64_t seed = 0; seed < 2; ++seed)
      for (std::int64_t fold = 1; fold <= 2; ++fold)
        cells_.push_back(cell(encoder, "room", seed, fold));
  plan();
  for (const auto& cell : cells_)
    if (cell.fold == cell.seed + 1)
      run(cell, wrong_every(4), cell.fold == 1 ? 20 : 40, cell.fold == 1 ? 40 : 60);
  const auto difference = compared().lines[0].difference;
  EXPECT_EQ(difference.items, 20);
  EXPECT_EQ(difference.seeds, 1);
  EXPECT_EQ(difference.missing, 2);
  EXPECT_THAT(difference.notes, ElementsAre("1 finished pair of runs left out: seeds with missing "
                                            "folds"));
}

TEST_F(Compare, marks_nothing_as_significant_whose_interval_contains_0) {
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
  EXPECT_THAT(difference.notes, ElementsAre("the runs scored different items",
                                            "2 items left out that only htsat has"));
}

TEST_F(Compare, says_so_if_no_run_is_finished) {
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
  EXPECT_THAT(
      refusal([&] { compared({.by = {"categry"}}); }),
      HasSubstr("allowed are 'task', 'category', 'dataset', 'encoder'; did you mean 'category'?"));
  EXPECT_THAT(refusal([&] { compared({.metric = "acuracy"}); }),
              HasSubstr("allowed are 'accuracy', 'error', 'f1'; did you mean 'accuracy'?"));
  EXPECT_THAT(refusal([&] { compared({.axis = "seed"}); }), HasSubstr("unknown axis 'seed'"));
}

// Regression: a comparison along another axis than the encoder merged encoders and kept one
// arbitrary pair.
/// Two heads, three encoders, five folds: each encoder has its own difference, computed here from
/// the marks. `one pair a fold` would be a mixture that belongs to no encoder.
TEST_F(Compare, along_tasks_each_encoder_has_its_own_line) {
  const auto marks = [](const CellRecord& cell) -> Marks {
    const std::int64_t period = (cell.encoder == "htsat"  ? 3
                                 : cell.encoder == "mimi" ? 5
                                                          : 7) +
                                (cell.task == "lr" ? 4 : 0);
    return [period, fold = cell.fold](std::int64_t i) {
      return (i * 7 + fold) % period == 0 ? 0.0 : 1.0;
    };
  };
  for (const auto* task : {"svm", "lr"})
    for (const auto* encoder : {"htsat", "mimi", "dac"})
      for (std::int64_t fold = 1; fold <= 5; ++fold)
        cells_.push_back(cell(encoder, task, 0, fold));
  plan();
  for (const auto& cell : cells_)
    run(cell, marks(cell), 12 * (cell.fold - 1), 12 * cell.fold);
  std::map<std::string, std::map<std::string, double>> means;
  for (const auto& cell : cells_)
    for (std::int64_t i = 12 * (cell.fold - 1); i < 12 * cell.fold; ++i)
      means[cell.encoder][cell.task] += marks(cell)(i) / 60;
  const auto each = compared({.axis = "task", .base = "svm"});
  ASSERT_THAT(each.lines, SizeIs(3));
  double sum = 0;
  for (const auto& line : each.lines) {
    const auto& own = means.at(line.condition.at("encoder"));
    EXPECT_NEAR(line.difference.interval.estimate, own.at("lr") - own.at("svm"), 1e-12);
    EXPECT_EQ(line.difference.items, 60);
    EXPECT_EQ(line.difference.missing, 0);
    EXPECT_THAT(line.difference.notes, IsEmpty());
    sum += line.difference.interval.estimate;
  }
  const auto mean = compared({.axis = "task", .base = "svm", .over = {"encoder"}});
  ASSERT_THAT(mean.lines, SizeIs(1));
  EXPECT_NEAR(mean.lines[0].difference.interval.estimate, sum / 3, 1e-12);
  EXPECT_EQ(mean.lines[0].averaged, "mean over encoder: htsat, mimi, dac");
  EXPECT_TRUE(mean.lines[0].difference.interval.defined());
}

/// Conditions of two tasks with one dataset each, and of two encoders whose mappers advance with
/// them.
TEST(WithDependents, a_mean_over_an_axis_includes_what_varies_with_it) {
  std::vector<Condition> conditions(2);
  conditions[0].axes = {{"task", "t"}, {"dataset", "d"}, {"encoder", "a"}, {"mapper", "m"}};
  conditions[1].axes = {{"task", "u"}, {"dataset", "e"}, {"encoder", "b"}, {"mapper", "n"}};
  Claims claims;
  EXPECT_THAT(with_dependents({"task"}, conditions, claims), ElementsAre("task", "dataset"));
  EXPECT_THAT(with_dependents({"encoder"}, conditions, claims), ElementsAre("encoder"));
  claims.zips = {{"encoder", "mapper"}};
  EXPECT_THAT(with_dependents({"encoder"}, conditions, claims), ElementsAre("encoder", "mapper"));
  // One encoder with both mappers: these are separate conditions.
  conditions[1].axes = conditions[0].axes;
  conditions[1].axes["mapper"] = "n";
  EXPECT_THAT(with_dependents({"encoder"}, conditions, claims), ElementsAre("encoder"));
}

TEST_F(Compare, an_interaction_is_the_difference_of_differences_with_its_interval) {
  add_cells({"htsat", "mimi"}, {"room", "noise"}, 1);
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(cell.encoder == "mimi" ? (cell.task == "room" ? 8 : 4) : 2));
  const auto comparison = compared({.interaction = "task=noise"});
  ASSERT_THAT(comparison.lines, SizeIs(1));
  const auto& difference = comparison.lines[0].difference;
  EXPECT_EQ(comparison.lines[0].level, "room");
  EXPECT_DOUBLE_EQ(difference.base, 0.25);
  EXPECT_DOUBLE_EQ(difference.candidate, 0.375);
  EXPECT_NEAR(difference.interval.estimate, 0.125, 1e-12);
  // The same items in both tasks: the interval is that of the items' differences of differences.
  std::vector<double> values;
  statistics::Grouping clips{.dimensions = {{}}};
  for (int i = 20; i < 60; ++i) {
    values.push_back(i % 8 != 0 && i % 4 == 0 ? 1 : 0);
    clips.dimensions[0].push_back(i / 2);
  }
  EXPECT_NEAR(difference.interval.standard_error,
              statistics::mean_interval(values, clips).standard_error, 1e-12);
}

TEST_F(Compare, only_restricts_to_values_of_axes_and_seeds) {
  add_cells({"htsat", "mimi", "dac"}, {"room", "noise"}, 2);
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(4));
  const auto lines = compared({.only = {"task=noise", "encoder=dac", "seed=1"}}).lines;
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].candidate, "dac");
  EXPECT_EQ(lines[0].title, "noise");
  EXPECT_EQ(lines[0].difference.seeds, 1);
  EXPECT_THAT(refusal([&] { compared({.only = {"task=noize"}}); }),
              HasSubstr("unknown value of axis 'task': 'noize'; allowed are 'room', 'noise'; did "
                        "you mean 'noise'?"));
  EXPECT_THAT(refusal([&] { compared({.only = {"noise"}}); }), HasSubstr("expected AXIS=VALUE"));
}

TEST_F(Compare, by_takes_labels_axes_and_several_at_once) {
  add_cells({"htsat", "mimi", "dac"}, {"room"}, 1);
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(4));
  Statement(connection_of(*store_),
            "UPDATE item SET labels = json_object('class', iif(position % 3 = 0, 'bell', 'dog'), "
            "'level', position)")
      .run();
  const auto classes = compared({.by = {"class"}}).lines;
  ASSERT_THAT(classes, SizeIs(4));
  EXPECT_EQ(classes[0].slices[0].name, "bell");
  EXPECT_EQ(classes[0].difference.items, 13);  // 21, 24, ... 57
  const auto both = compared({.by = {"category,class", "task"}});
  ASSERT_THAT(both.lines, SizeIs(2 * 4 + 2));
  EXPECT_EQ(both.lines[0].slices.size(), 2U);
  EXPECT_EQ(both.lines[0].difference.items, 6);  // 24, 30, ... 54
  EXPECT_EQ(both.lines.back().by, 1U);
  EXPECT_THAT(refusal([&] { compared({.by = {"level"}}); }), HasSubstr("unknown slice dimension"));
}

TEST_F(Compare, by_an_axis_arranges_lines_by_it) {
  add_cells({"htsat", "mimi"}, {"svm", "lr", "knn"}, 1);
  plan();
  const auto comparison = compared({.axis = "task", .base = "svm", .by = {"encoder"}});
  EXPECT_THAT(comparison.columns, ElementsAre("encoder"));
  ASSERT_THAT(comparison.lines, SizeIs(4));
  EXPECT_EQ(comparison.lines[1].condition.at("encoder"), "htsat");
  EXPECT_EQ(comparison.lines[2].condition.at("encoder"), "mimi");
}

TEST_F(Compare, metrics_of_different_versions_are_not_compared_unless_asked_for) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  run(cells_[0], wrong_every(4));
  metric_version_ = 2;
  run(cells_[1], wrong_every(8));
  const auto refused = compared().lines[0].difference;
  EXPECT_EQ(refused.interval.missing, "scored by versions 1, 2 of accuracy");
  EXPECT_TRUE(std::isnan(refused.interval.estimate));
  const auto asked = compared({.allow_different_scoring = true}).lines[0].difference;
  EXPECT_DOUBLE_EQ(asked.interval.estimate, 0.125);
  EXPECT_THAT(asked.notes, ElementsAre("scored by versions 1, 2 of accuracy"));
}

TEST_F(Compare, fewer_than_ten_groups_give_an_interval_if_they_are_taken_as_given) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  Statement(connection_of(*store_),
            "UPDATE item SET groups = json_object('speaker', 'speaker ' || (position % 5))")
      .run();
  run(cells_[0], wrong_every(3));
  run(cells_[1], wrong_every(7));
  EXPECT_EQ(compared().lines[0].difference.interval.missing, "5 groups; at least 10 are needed");
  EXPECT_THAT(refusal([&] { compared({.condition_on = {"speker"}}); }),
              HasSubstr("unknown group 'speker'; allowed are 'speaker'; did you mean 'speaker'?"));
  const auto difference = compared({.condition_on = {"speaker"}}).lines[0].difference;
  ASSERT_TRUE(difference.interval.defined()) << difference.interval.missing;
  EXPECT_EQ(difference.groups, 40);  // items
  // The variance of a mean over strata of 8 items each.
  double variance = 0;
  for (int speaker = 0; speaker < 5; ++speaker) {
    std::vector<double> values;
    for (int i = 20; i < 60; ++i)
      if (i % 5 == speaker) values.push_back((i % 7 == 0 ? 0 : 1) - (i % 3 == 0 ? 0 : 1));
    double mean = 0, squares = 0;
    for (const double value : values)
      mean += value / static_cast<double>(values.size());
    for (const double value : values)
      squares += (value - mean) * (value - mean);
    variance += squares / 7 * 8 / (40 * 40);
  }
  EXPECT_NEAR(difference.interval.standard_error, std::sqrt(variance), 0.02 * std::sqrt(variance));
}

TEST_F(Compare, two_revisions_differ_in_what_was_run_again) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(4));
  // mimi is now a different build with the same labels.
  cells_[1].identity = {{"build", 2}};
  cells_[1].key = protocol::sha256(cells_[1].identity);
  plan();
  run(cells_[1], wrong_every(8));
  const auto comparison = compared({.with = "ablation@previous"});
  ASSERT_THAT(comparison.lines, SizeIs(1));
  EXPECT_EQ(comparison.lines[0].condition.at("encoder"), "mimi");
  EXPECT_DOUBLE_EQ(comparison.lines[0].difference.base, 0.75);
  EXPECT_DOUBLE_EQ(comparison.lines[0].difference.candidate, 0.875);
  EXPECT_THAT(comparison.remarks,
              ElementsAre("1 condition has the same runs on both sides, which are not shown"));
  EXPECT_THAT(refusal([&] { compared({.with = "ablation@0000000"}); }),
              HasSubstr("no revisions 'ablation@0000000'; allowed are 'ablation@"));
}

TEST_F(Compare, keeps_its_lines_in_the_results_file) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  claim({{"name", "acoustics"}, {"claim", "mimi > htsat"}});
  plan();
  run(cells_[0], wrong_every(4));
  run(cells_[1], wrong_every(8));
  const auto rows = rows_of(compared());
  store_->record_comparisons(store_->require_experiment("ablation"), rows);
  Statement stored(connection_of(*store_),
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

/// A claim along one axis is also evaluated when another axis is compared.
TEST_F(Compare, keeps_lines_along_another_axis_that_a_claim_is_about) {
  add_cells({"htsat", "mimi"}, {"svm", "lr"}, 1);
  claim({{"name", "heads"}, {"claim", "lr > svm"}});
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(4));
  const auto id = store_->require_experiment("ablation");
  store_->record_comparisons(id, rows_of(compared({.axis = "task", .base = "svm"})));
  store_->record_comparisons(id, rows_of(compared({.axis = "encoder"})));
  const auto count = [&](const std::string& which) {
    return connection_of(*store_).integer("SELECT count(*) FROM comparison WHERE " + which);
  };
  EXPECT_EQ(count("axis = 'task' AND hypothesis = ''"), 2);
  EXPECT_EQ(count("axis = 'encoder'"), 2);
  EXPECT_EQ(count("hypothesis = 'heads' AND verdict <> ''"), 1);
}

}  // namespace
}  // namespace earshot::host
