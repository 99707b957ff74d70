#include <algorithm>
#include <cmath>
#include <limits>

#include "host/store/circumstances.hpp"
#include "host/store/experiment_design.hpp"
#include "host/store/exports.hpp"
#include "host/store/metric_values.hpp"
#include "host/store/predictions.hpp"
#include "host/store/pretraining_record.hpp"
#include "host/store/stage_costs.hpp"
#include "host/store/status_tables.hpp"
#include "host/store/training_curves.hpp"
#include "read_models.hpp"

// Read models of what runs gave: metrics, predictions, costs and curves.

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST_F(ReadModels, metrics_of_a_run_are_found_by_name_and_slice) {
  auto run = ok_run(0.75, 0.25);
  run.metrics[1].second = "packed";
  run.metrics[2].first.value = std::numeric_limits<double>::quiet_NaN();
  run.metrics[2].first.nonfinite = "nan";
  run_cell(store, plan.cells[0].key, run);
  finish(1);
  const auto& key = plan.cells[0].key;
  EXPECT_EQ(overall_value(store, key, "accuracy"), 0.5);
  EXPECT_FALSE(overall_value(store, key, "f1"));
  EXPECT_FALSE(overall_value(store, plan.cells[2].key, "accuracy")) << "not run";
  const auto event = score_of(store, 1, "accuracy", "category", "event");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->value, 0.75);
  EXPECT_EQ(event->n, 2);
  EXPECT_EQ(event->influences, "packed");
  const auto mood = score_of(store, 1, "accuracy", "category", "mood");
  ASSERT_TRUE(mood);
  EXPECT_TRUE(std::isnan(mood->value));
  EXPECT_FALSE(mood->influences);
  EXPECT_FALSE(score_of(store, 1, "accuracy", "category", "speech"));
  const auto definition = definition_of(store, 1, "accuracy");
  ASSERT_TRUE(definition);
  EXPECT_EQ(definition->kind, "mean");
  EXPECT_TRUE(definition->higher_is_better);
  EXPECT_FALSE(definition_of(store, 1, "f1"));
  EXPECT_THAT(metric_names(store, id), ElementsAre("accuracy"));
  const auto means = mean_metrics(store, "ablation");
  ASSERT_EQ(means.size(), 1U) << "two seeds of one encoder";
  EXPECT_EQ(means[0].task, "room");
  EXPECT_EQ(means[0].encoder, "htsat");
  EXPECT_EQ(means[0].value, 0.5);
  EXPECT_TRUE(means[0].primary);
}

TEST_F(ReadModels, items_have_groups_slices_and_labels_that_are_classes) {
  store.add_items(plan.datasets[0].key,
                  Json::array({{"clip0",
                                {{"room", 7}, {"speaker", "ann"}},
                                {{"category", "event"}},
                                {{"tags", {"dog", "cat"}}, {"wet", true}, {"distance", 2.5}}},
                               {"clip1", Json::object(), Json::object(), Json::object()}}));
  const auto items = items_of(store, 1);
  ASSERT_EQ(items.size(), 2U);
  EXPECT_THAT(items[0].groups, ElementsAre(Pair("room", "7"), Pair("speaker", "ann")));
  EXPECT_THAT(items[0].slices, ElementsAre(Pair("category", ElementsAre("event")),
                                           Pair("tags", ElementsAre("dog", "cat")),
                                           Pair("wet", ElementsAre("true"))));
  EXPECT_THAT(items[1].groups, IsEmpty());
  EXPECT_THAT(items_of(store, 2), IsEmpty());
}

TEST_F(ReadModels, predictions_of_one_cell_are_read_in_any_order_and_sampled_by_item) {
  store.add_items(plan.datasets[0].key, [] {
    Json items = Json::array();
    for (int i = 0; i < 6; ++i)
      items.push_back({"clip" + std::to_string(i), Json::object(), Json::object(), Json::object()});
    return items;
  }());
  finish(0);
  finish(1);
  auto predictions = ExportedPredictions::of_cells(store, "ablation");
  const auto columns = predictions.columns();
  const auto item_at = static_cast<std::size_t>(
      std::find(columns.begin(), columns.end(), "position") - columns.begin());
  const auto read = [&](std::int64_t position, std::int64_t one_in) {
    predictions.choose(position, one_in);
    std::vector<std::int64_t> items;
    for (ExportedPrediction row; predictions.next(row);)
      items.push_back(row.values[item_at].get<std::int64_t>());
    return items;
  };
  ExportedPrediction none;
  EXPECT_FALSE(predictions.next(none)) << "no cell was chosen";
  const auto first = connection_of(store).integer("SELECT min(position) FROM experiment_cell");
  EXPECT_THAT(read(first + 1, 1), ElementsAre(2, 3, 4, 5));
  EXPECT_THAT(read(first, 1), ElementsAre(2, 3, 4, 5));
  const auto sample = read(first, 2);
  EXPECT_LT(sample.size(), 4U);
  EXPECT_EQ(read(first + 1, 2), sample) << "the same items for all cells";
  EXPECT_THAT(read(first + 2, 1), IsEmpty()) << "not run";
  EXPECT_EQ(prediction_count(store, 1), 4);
  EXPECT_EQ(prediction_count(store, 7), 0);
}

TEST_F(ReadModels, the_identity_of_a_cell_is_found_by_its_key) {
  EXPECT_EQ(cell_identity(store, plan.cells[1].key), plan.cells[1].identity);
  EXPECT_TRUE(cell_identity(store, "unknown").is_null());
}

TEST_F(ReadModels, marks_are_those_of_the_primary_metric_or_of_another) {
  auto run = ok_run();
  run.predictions[0].marks = {{"accuracy", 1}, {"error", 0.25}};
  run.predictions[1].marks = Json::object();
  run_cell(store, plan.cells[0].key, run);
  EXPECT_THAT(predicted_items(store, 1), ElementsAre(2, 3, 4, 5));
  const auto marks = marks_of(store, 1, "accuracy");
  ASSERT_EQ(marks.size(), 3U) << "item 3 has none";
  EXPECT_EQ(marks[0].item, 2);
  EXPECT_EQ(marks[0].value, 1);
  EXPECT_EQ(marks[1].item, 4);
  const auto errors = marks_of(store, 1, "error");
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].value, 0.25);
  EXPECT_EQ(first_prediction(store)->value, "dog");
}

TEST_F(ReadModels, exported_scores_say_what_they_are_of) {
  auto more = small({"mimi"}, {"probe"}, 1);
  more.experiment.name = "more";
  more.cells[0].target = "room";
  more.cells[0].dataset_key = more.datasets[0].key = key_of("labelled");
  more.datasets[0].info.labels = {{"room", "class", "", {"hut", "hall"}}};
  record(store, more);
  Json items = Json::array();
  for (int i = 0; i < 6; ++i)
    items.push_back({"clip" + std::to_string(i), Json::object(), Json::object(), Json::object()});
  store.add_items(more.datasets[0].key, items);
  auto run = ok_run();
  run.predictions.resize(3);
  run.predictions[0].scores = {0.75f, 0.25f};
  run.predictions[1].scores = {0.5f};
  run.predictions[1].candidates = {"a shed"};
  run_cell(store, more.cells[0].key, run);
  ExportedPredictions rows(store, "more");
  const auto columns = rows.columns();
  EXPECT_EQ(columns.back(), "groups");
  EXPECT_EQ(columns.at(rows.scores_column()), "scores");
  for (const auto column : rows.json_columns())
    EXPECT_THAT(
        (std::vector<std::string>{"choices", "answers", "marks", "labels", "slices", "groups"}),
        ::testing::Contains(columns.at(column)));
  ExportedPrediction row;
  ASSERT_TRUE(rows.next(row));
  EXPECT_EQ(row.values.size(), columns.size());
  EXPECT_THAT(row.scores, ElementsAre(0.75f, 0.25f));
  EXPECT_THAT(row.scored, ElementsAre("hut", "hall"));
  ASSERT_TRUE(rows.next(row));
  EXPECT_THAT(row.scored, ElementsAre("a shed"));
  ASSERT_TRUE(rows.next(row));
  EXPECT_THAT(row.scores, IsEmpty());
  EXPECT_FALSE(rows.next(row));
}

TEST_F(ReadModels, costs_add_up_by_task_and_stages_name_their_owners) {
  StageRecord stage;
  stage.key = "f1";
  stage.kind = "features";
  stage.state = "ok";
  stage.facts = {{"key", "cache key"}};
  store.record_stage(stage);
  stage.key = "p1";
  stage.kind = "pretrain";
  stage.facts = {{"label", "tiny"}};
  store.record_stage(stage);
  stage.key = "p2";
  stage.state = "failed";
  store.record_stage(stage);
  EXPECT_TRUE(is_done(store, "p1"));
  EXPECT_FALSE(is_done(store, "p2"));
  auto run = ok_run();
  run.stages = {"f1", "p1"};
  run_cell(store, plan.cells[0].key, run);
  finish(1);
  EXPECT_EQ(costs_by_task(store).at("room").seconds, 4);
  EXPECT_EQ(costs_by_task(store).at("room").runs, 2);
  EXPECT_THAT(pretraining_in_use(store), ElementsAre("p1"));
  EXPECT_THAT(owners_of_cached(store),
              ElementsAre(Pair(plan.datasets[0].key, "audio of scenes/scenes"),
                          Pair("cache key", "htsat"), Pair("p1", "tiny")));
}

TEST_F(ReadModels, a_cell_costs_its_own_attempts_and_knows_its_encoder) {
  StageRecord stage;
  stage.key = "f1";
  stage.kind = "features";
  stage.state = "ok";
  stage.facts = {{"audio_seconds", 100},
                 {"encode_seconds", 2},
                 {"effective_rank", 3.5},
                 {"facts", {{"parameters", 1000}, {"code_spec", {{"bits_per_second", 1100}}}}}};
  store.record_stage(stage);
  fail(0, "first");
  auto run = ok_run();
  run.seconds = 3;
  run.stages = {"f1"};
  run_cell(store, plan.cells[0].key, run);
  finish(1);
  const auto costs = cell_costs(store, "ablation");
  ASSERT_EQ(costs.size(), 2U);
  const auto& cost = costs.at(plan.cells[0].key.substr(0, cost_key_length));
  EXPECT_EQ(cost.seconds, 3);
  EXPECT_EQ(cost.parameters, 1000);
  EXPECT_EQ(cost.real_time_factor, 0.02);
  EXPECT_EQ(cost.bits_per_second, 1100);
  EXPECT_EQ(cost.effective_rank, 3.5);
  EXPECT_EQ(cost.frames_per_second, std::nullopt);
  EXPECT_EQ(costs.at(plan.cells[1].key.substr(0, cost_key_length)).parameters, std::nullopt);
}

TEST_F(ReadModels, scores_by_slice_begin_with_all_items_and_leave_out_other_metrics) {
  auto run = ok_run(0.75, 0.25);
  protocol::Metric f1, chance;
  f1.name = "f1";
  chance.name = "chance";
  run.metric_specs.push_back(f1);
  run.metric_specs.push_back(chance);
  for (const auto* name : {"f1", "chance"}) {
    run.metrics.push_back({metric_row("all", "all", 0.1, 4), {}});
    run.metrics.back().first.metric = name;
  }
  run_cell(store, plan.cells[0].key, run);
  std::vector<std::string> found;
  for (const auto& score : slice_scores(store, id))
    found.push_back(score.dimension + " " + score.slice + " " + score.metric + " " +
                    std::to_string(score.n) + (score.primary ? " primary" : ""));
  EXPECT_THAT(found,
              ElementsAre("all all accuracy 4 primary", "all all chance 4",
                          "category event accuracy 2 primary", "category mood accuracy 2 primary"));
  EXPECT_EQ(slice_scores(store, id)[2].value, 0.75);
}

TEST_F(ReadModels, curves_are_those_of_the_ok_run_or_else_of_the_last_and_of_pretraining) {
  RunRecord failed;
  failed.state = "failed";
  failed.curves = {{"loss", 1, 9.0}};
  run_cell(store, plan.cells[0].key, failed);
  auto run = ok_run();
  run.curves = {{"loss", 2, std::nan("")}, {"loss", 1, 0.5}, {"accuracy", 1, 0.25}};
  StageRecord stage;
  stage.key = "p1";
  stage.kind = "pretrain";
  stage.state = "ok";
  stage.facts = {{"label", "tiny"}};
  const std::vector<CurveRow> points{{"loss", 5, 0.125}};
  store.record_curves("p1", "pretrain", points);
  store.record_stage(stage);
  run.stages = {"p1"};
  run_cell(store, plan.cells[0].key, run);
  run_cell(store, plan.cells[1].key, failed);
  const auto curves = training_curves(store, id);
  ASSERT_EQ(curves.size(), 4U);
  EXPECT_EQ(curves[0].trained, "tiny");
  EXPECT_EQ(curves[0].position, -1);
  EXPECT_THAT(curves[0].points, ElementsAre(Pair(5, 0.125)));
  EXPECT_EQ(curves[1].name, "accuracy");
  EXPECT_EQ(curves[2].state, "ok");
  ASSERT_EQ(curves[2].points.size(), 2U);
  EXPECT_EQ(curves[2].points[0], std::pair(std::int64_t{1}, 0.5));
  EXPECT_TRUE(std::isnan(curves[2].points[1].second));
  EXPECT_EQ(curves[3].state, "failed");
}

TEST_F(ReadModels, a_pretraining_has_the_ends_of_its_curves_and_the_commits_of_its_first_run) {
  EXPECT_TRUE(pretraining_record(store, "p1").ends.empty());
  const std::vector<CurveRow> points{
      {"validation", 9, std::nan("")}, {"loss", 0, 4.0}, {"loss", 9, 0.5}, {"loss", 5, 2.0}};
  store.record_curves("p1", "pretrain", points);
  StageRecord stage;
  stage.key = "p1";
  stage.kind = "pretrain";
  stage.state = "ok";
  store.record_stage(stage);
  auto record_of_p1 = pretraining_record(store, "p1");
  ASSERT_EQ(record_of_p1.ends.size(), 2U);
  EXPECT_EQ(record_of_p1.ends[0].curve, "loss");
  EXPECT_EQ(record_of_p1.ends[0].step, 9);
  EXPECT_EQ(record_of_p1.ends[0].value, Json(0.5));
  EXPECT_TRUE(record_of_p1.ends[1].value.is_null());
  EXPECT_EQ(record_of_p1.experiment_commit, "") << "no run has used it";
  EXPECT_EQ(record_of_p1.earshot_commit, "");

  auto run = ok_run();
  run.stages = {"p1"};
  run_cell(store, plan.cells[0].key, run);
  plan.provenance["git"]["commit"] = "later";
  record(store, plan);
  run_cell(store, plan.cells[1].key, run);
  record_of_p1 = pretraining_record(store, "p1");
  EXPECT_EQ(record_of_p1.experiment_commit, "4f2a-dirty");
  EXPECT_EQ(record_of_p1.earshot_commit, "") << "unknown";
}

TEST_F(ReadModels, circumstances_are_those_of_finished_runs_and_datasets_have_their_numbers) {
  finish(0);
  finish(1);
  fail(2, "first");
  plan.provenance["device"] = "cuda";
  record(store, plan);
  finish(3);
  const auto all_facts = circumstances_of(store, id);
  ASSERT_EQ(all_facts.size(), 2U);
  EXPECT_EQ(all_facts[0].runs, 2);
  EXPECT_EQ(all_facts[0].facts["device"], "cpu");
  EXPECT_EQ(all_facts[1].facts["device"], "cuda");
  const auto datasets = all(dataset_table(store, id));
  ASSERT_EQ(datasets.size(), 1U);
  EXPECT_EQ(datasets[0][0], "scenes");
  EXPECT_EQ(datasets[0][5], 4);  // test items
}

}  // namespace
}  // namespace earshot::host
