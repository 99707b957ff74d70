#include "host/report/page_data.hpp"

#include <cmath>

#include "../analyse/synthetic.hpp"
#include "host/report/page.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

/// Reports on an experiment whose numbers the test gives.
class PageDataTest : public Synthetic {
 protected:
  ReportedExperiment report() const { return page_data(*store_, {"ablation"}).experiments.at(0); }

  void finish(const CellRecord& cell, RunRecord run) {
    const auto id = store_->begin_run(cell.key);
    ASSERT_TRUE(id.has_value());
    store_->finish_run(*id, run);
  }

  void fail(const CellRecord& cell, const std::string& error) {
    RunRecord run;
    run.state = "failed";
    run.error = error;
    finish(cell, run);
  }
};

Json or_null(const OrNull<double>& value) {
  return value ? Json(*value) : Json();
}

/// The numbers of a difference must be those of a row that `runner compare` prints.
void expect_equal(const ReportedDifference& shown, const ComparisonRow& row) {
  EXPECT_EQ(or_null(shown.delta), row.delta) << shown.label;
  EXPECT_EQ(or_null(shown.low), row.ci_low) << shown.label;
  EXPECT_EQ(or_null(shown.high), row.ci_high) << shown.label;
  EXPECT_EQ(or_null(shown.p), row.p_adjusted) << shown.label;
  EXPECT_EQ(or_null(shown.base_value), row.base_value) << shown.label;
  EXPECT_EQ(or_null(shown.candidate_value), row.candidate_value) << shown.label;
  EXPECT_EQ(shown.items, row.items);
  EXPECT_EQ(shown.groups, row.groups);
  EXPECT_EQ(shown.seeds, row.seeds);
  EXPECT_EQ(shown.missing, row.missing);
  EXPECT_EQ(shown.base, row.base);
  EXPECT_EQ(shown.candidate, row.candidate);
  EXPECT_EQ(shown.metric, row.metric);
}

TEST_F(PageDataTest, differences_equal_those_of_compare_line_by_line) {
  add_cells({"htsat", "mimi", "mfcc"}, {"room", "quality"}, 2);
  plan();
  for (const auto& cell : cells_)
    if (cell.encoder != "mfcc" || cell.seed == 0)
      run(cell, wrong_every(cell.encoder == "htsat" ? 4 : 6 + cell.seed));
  const auto rows = rows_of(compared());
  const auto lines = report().comparison.lines;
  ASSERT_EQ(lines.size(), rows.size());
  ASSERT_THAT(lines, SizeIs(4));
  for (std::size_t i = 0; i < rows.size(); ++i)
    expect_equal(lines[i], rows[i]);
  EXPECT_EQ(lines[1].label, "room");
}

TEST_F(PageDataTest, claims_equal_the_verdicts_of_compare_part_by_part) {
  add_cells({"htsat", "mimi"}, {"room", "quality"}, 1);
  claim({{"name", "codec"}, {"claim", "mimi > htsat"}, {"tasks", {"room", "quality"}}});
  claim({{"name", "one"}, {"claim", "mimi > htsat"}, {"tasks", {"room"}}, {"margin", 0.01}});
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(cell.encoder == "htsat" ? 4 : cell.task == "room" ? 8 : 3));
  const auto comparison = compared();
  std::vector<ComparisonRow> rows;
  for (const auto& row : rows_of(comparison))
    if (!row.hypothesis.empty()) rows.push_back(row);
  const auto claims = report().claims;
  ASSERT_THAT(claims, SizeIs(2));
  EXPECT_EQ(claims[0].verdict, comparison.verdicts[0].verdict);
  EXPECT_EQ(claims[0].sentence, comparison.verdicts[0].sentence);
  ASSERT_THAT(claims[0].differences, SizeIs(2));
  ASSERT_THAT(rows, SizeIs(4));  // a whole with two parts, a whole
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(claims[0].differences[i].role, "part");
    expect_equal(claims[0].differences[i], rows[i + 1]);
  }
  ASSERT_THAT(claims[1].differences, SizeIs(1));
  EXPECT_EQ(claims[1].differences[0].role, "whole");
  EXPECT_EQ(claims[1].margin, 0.01);
  expect_equal(claims[1].differences[0], rows[3]);
}

TEST_F(PageDataTest, the_mean_of_a_claim_comes_before_what_it_is_taken_over) {
  add_cells({"htsat", "mimi"}, {"room", "quality"}, 1);
  claim({{"name", "codec"}, {"claim", "mimi > htsat"}, {"mean", true}});
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(cell.encoder == "htsat" ? 4 : 8));
  const auto differences = report().claims.at(0).differences;
  ASSERT_THAT(differences, SizeIs(3));
  EXPECT_EQ(differences[0].label, "mean");
  EXPECT_EQ(differences[0].role, "whole");
  EXPECT_EQ(differences[1].role, "averaged");
  EXPECT_EQ(differences[1].label, "room");
}

TEST_F(PageDataTest, controls_are_compared_with_the_base_of_a_claim_in_its_tasks) {
  add_cells({"htsat", "mimi", "level", "oracle"}, {"room", "quality"}, 1);
  claim({{"name", "codec"},
         {"claim", "mimi > htsat"},
         {"tasks", {"room"}},
         {"blind_control", "level"},
         {"positive_control", "oracle"}});
  plan();
  for (const auto& cell : cells_)
    run(cell, wrong_every(cell.encoder == "level" ? 2 : cell.encoder == "htsat" ? 4 : 8));
  const auto report = this->report();
  std::vector<std::string> controls;
  for (const auto& difference : report.claims.at(0).differences)
    if (difference.role == "control") controls.push_back(difference.label);
  EXPECT_THAT(controls, ElementsAre("level in room", "oracle in room"));
  EXPECT_EQ(report.rows[2].control, "blind control of codec");
  EXPECT_EQ(report.rows[0].control, "");
}

TEST_F(PageDataTest, scores_are_tied_with_the_best_unless_a_difference_is_supported) {
  add_cells({"htsat", "mimi", "mfcc"}, {"room"}, 1);
  plan();
  run(cells_[0], wrong_every(8));
  run(cells_[1], [](std::int64_t i) { return i % 8 == 0 || i == 21 ? 0.0 : 1.0; });
  run(cells_[2], wrong_every(2));
  const auto scores = report().scores;
  ASSERT_THAT(scores, SizeIs(3));
  EXPECT_EQ(scores[0].standing, "best");
  EXPECT_FALSE(scores[0].from_best.has_value());
  EXPECT_EQ(scores[1].standing, "tied");
  EXPECT_DOUBLE_EQ(*scores[1].from_best->delta, -0.025);
  EXPECT_EQ(scores[2].standing, "behind");
  EXPECT_LT(*scores[2].from_best->high, 0);
  EXPECT_EQ(scores[2].n, 40);
}

TEST_F(PageDataTest, a_score_that_was_never_paired_with_the_best_is_untested) {
  const auto low = with(cell("mimi", "room", 0), "encoder.levels", 1);
  const auto high = with(cell("mimi", "room", 0), "encoder.levels", 8);
  cells_ = {cell("htsat", "room", 0), low, high};
  plan();
  run(cells_[0], wrong_every(4));
  run(cells_[1], wrong_every(2));
  run(cells_[2], wrong_every(16));
  const auto report = this->report();
  ASSERT_THAT(report.rows, SizeIs(3));
  EXPECT_EQ(report.rows[1].label, "mimi encoder.levels=1");
  EXPECT_EQ(report.scores[2].standing, "best");
  EXPECT_EQ(report.scores[1].standing, "untested");  // levels are not compared with each other
  EXPECT_NE(report.scores[0].standing, "untested");
}

TEST_F(PageDataTest, cells_that_are_not_finished_say_why) {
  add_cells({"htsat", "mimi"}, {"room"}, 2);
  plan();
  run(cells_[0], wrong_every(4));
  fail(cells_[1], "out of memory");
  fail(cells_[2], "mimi: bad weights");
  const auto report = this->report();
  ASSERT_THAT(report.scores, SizeIs(2));
  EXPECT_DOUBLE_EQ(*report.scores[0].value, 0.75);
  EXPECT_EQ(report.scores[0].finished, 1);
  EXPECT_EQ(report.scores[0].planned, 2);
  EXPECT_EQ(report.scores[0].reason, "out of memory");
  EXPECT_FALSE(report.scores[1].value.has_value());
  EXPECT_EQ(report.scores[1].state, "failed; pending");
  EXPECT_EQ(report.states.failed, 2);
  EXPECT_EQ(report.states.ok, 1);
  EXPECT_EQ(report.states.pending, 1);
}

TEST_F(PageDataTest, slices_are_means_over_seeds_with_the_items_of_one_seed) {
  add_cells({"htsat"}, {"room"}, 2);
  plan();
  for (const auto& cell : cells_) {
    RunRecord run;
    run.state = "ok";
    protocol::Metric accuracy;
    accuracy.name = "accuracy";
    run.metric_specs = {accuracy};
    auto slice = metric("accuracy", "mean", cell.seed == 0 ? 0.5 : 0.75, 20);
    run.metrics = {{slice, {}}};
    slice.slice_dimension = "category";
    slice.slice = "event";
    slice.n = 8;
    run.metrics.emplace_back(slice, "");
    finish(cell, run);
  }
  const auto slices = report().slices;
  ASSERT_THAT(slices, SizeIs(1));
  EXPECT_EQ(slices[0].dimension, "category");
  EXPECT_EQ(slices[0].slice, "event");
  EXPECT_DOUBLE_EQ(*slices[0].value, 0.625);
  EXPECT_DOUBLE_EQ(*slices[0].lowest, 0.5);
  EXPECT_EQ(slices[0].n, 8);
  EXPECT_EQ(slices[0].seeds, 2);
}

/// An experiment with one trained cell.
class WithCurve : public PageDataTest {
 protected:
  WithCurve() {
    add_cells({"htsat"}, {"room"}, 1);
    experiment_.source = "# the file";
    plan();
    RunRecord run;
    run.state = "ok";
    for (std::int64_t step = 0; step < 200; ++step)
      run.curves.push_back({"loss", step, step == 7 ? std::nan("") : 1.0 / double(1 + step)});
    finish(cells_[0], run);
  }
};

TEST_F(WithCurve, a_value_that_is_not_finite_is_null) {
  const auto curves = report().curves;
  ASSERT_THAT(curves, SizeIs(1));
  EXPECT_EQ(curves[0].row, "htsat");
  EXPECT_EQ(curves[0].column, "room");
  EXPECT_EQ(curves[0].name, "loss");
  ASSERT_THAT(curves[0].points, SizeIs(200));
  EXPECT_FALSE(curves[0].points[7].second.has_value());
  EXPECT_EQ(Json(curves[0])["points"][7], Json({7, nullptr}));
  EXPECT_DOUBLE_EQ(*curves[0].points[1].second, 0.5);
}

TEST_F(WithCurve, a_page_that_is_too_large_loses_what_matters_least_and_says_so) {
  auto data = page_data(*store_, {"ablation"});
  const auto whole = script_json(data).size();
  fit(data, whole);
  EXPECT_THAT(data.left_out, IsEmpty());
  fit(data, whole - 1);
  EXPECT_THAT(data.left_out, ElementsAre(HasSubstr("learning curves are thinned")));
  const auto& curve = data.experiments[0].curves.at(0);
  EXPECT_THAT(curve.points, SizeIs(51));
  EXPECT_EQ(curve.points.back().first, 199);
  EXPECT_EQ(curve.recorded, 200);
  fit(data, 10);
  EXPECT_THAT(data.experiments[0].curves, IsEmpty());
  EXPECT_EQ(data.experiments[0].source, "");
  EXPECT_THAT(data.experiments[0].scores, SizeIs(1));
  EXPECT_THAT(data.left_out, Contains(HasSubstr("experiment files")));
}

TEST_F(PageDataTest,
       samples_belong_to_the_cell_that_left_them_and_their_curve_is_no_learning_curve) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  auto run = RunRecord{.state = "ok"};
  run.curves = {{"samples", 100, 4}, {"samples", 300, 4}};
  const auto before = protocol::sha256(std::string_view("before"));
  run.artifacts = {{"sample_0_before.flac", "before", before, 6},
                   {"notes.txt", "notes", before, 6}};
  finish(cells_[1], run);
  const auto told = report();
  EXPECT_THAT(told.curves, IsEmpty());
  ASSERT_THAT(told.samples, SizeIs(1));
  EXPECT_EQ(told.samples[0].row, "mimi");
  EXPECT_EQ(told.samples[0].column, "room");
  EXPECT_EQ(told.samples[0].step, 300);
  EXPECT_EQ(told.samples[0].before, before);
  EXPECT_EQ(told.samples[0].after, "");
}

TEST_F(PageDataTest, provenance_tells_machine_and_code_but_nothing_private) {
  add_cells({"htsat"}, {"room"}, 1);
  experiment_.file = "/home/ada/secret/ablation.toml";
  experiment_.resolved["claims"] = to_record(claims_);
  protocol::DatasetInfo info;
  info.items = items;
  info.test = 40;
  store_->record_plan(
      experiment_, cells_, {{cells_[0].dataset_key, "scenes", "x/scenes", info}},
      {{"device", "cpu"},
       {"host", {{"name", "adas-laptop"}, {"cpu", "Fast 9000"}}},
       {"environment", {{"TOKEN", "hunter2"}}},
       {"arguments", {"/home/ada/secret/ablation.toml"}},
       {"git", {{"commit", "4f2a"}, {"dirty", true}, {"diff", "-password"}}},
       {"plugins",
        {{{"name", "m"}, {"version", "1"}, {"path", "/home/ada/m.so"}, {"sha256", "ab"}}}}});
  Json rows = Json::array();
  for (std::int64_t i = 0; i < items; ++i)
    rows.push_back({"item" + std::to_string(i), Json::object(), Json::object(), Json::object()});
  store_->add_items(cells_[0].dataset_key, rows);
  run(cells_[0], wrong_every(4));
  const auto text = protocol::json_text(page_data(*store_, {"ablation"}));
  EXPECT_THAT(text, AllOf(HasSubstr("Fast 9000"), HasSubstr("4f2a"), HasSubstr("ablation.toml")));
  for (const auto* secret : {"/home/ada", "adas-laptop", "hunter2", "password"})
    EXPECT_THAT(text, Not(HasSubstr(secret)));
}

TEST_F(PageDataTest, an_unknown_experiment_is_named_with_the_nearest) {
  add_cells({"htsat"}, {"room"}, 1);
  plan();
  EXPECT_THAT(refusal([&] { page_data(*store_, {"ablatio"}); }), HasSubstr("'ablation'"));
}

TEST_F(PageDataTest, an_experiment_without_results_has_states_only) {
  add_cells({"htsat", "mimi"}, {"room"}, 1);
  plan();
  const auto report = this->report();
  EXPECT_EQ(report.states.pending, 2);
  EXPECT_THAT(report.slices, IsEmpty());
  EXPECT_THAT(report.costs, IsEmpty());
  for (const auto& score : report.scores)
    EXPECT_FALSE(score.value.has_value());
  EXPECT_THAT(report.comparison.lines,
              Not(Contains(Field(&ReportedDifference::significant, true))));
}

}  // namespace
}  // namespace earshot::host
