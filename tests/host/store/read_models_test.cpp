#include <cmath>
#include <limits>

#include "fixture.hpp"
#include "host/store/circumstances.hpp"
#include "host/store/experiment_design.hpp"
#include "host/store/exports.hpp"
#include "host/store/file_check.hpp"
#include "host/store/metric_values.hpp"
#include "host/store/migration.hpp"
#include "host/store/predictions.hpp"
#include "host/store/revisions.hpp"
#include "host/store/run_lookup.hpp"
#include "host/store/stage_costs.hpp"
#include "host/store/status_tables.hpp"
#include "host/store/training_curves.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

/// Two encoders, one task and two seeds in a results file; nothing has run yet.
class ReadModels : public ::testing::Test {
 protected:
  void SetUp() override { id = record(store, plan); }

  /// A cell that failed.
  void fail(std::size_t cell, const std::string& error) {
    RunRecord run;
    run.state = "failed";
    run.error_kind = "data";
    run.error = error;
    run_cell(store, plan.cells[cell].key, run);
  }
  void finish(std::size_t cell) { run_cell(store, plan.cells[cell].key, ok_run()); }
  void execute(const std::string& sql) { Statement(connection_of(store), sql).run(); }

  TemporaryFolder folder;
  Store store{folder / "results.db", Store::Mode::write};
  Small plan = small({"htsat", "mimi"}, {"room"}, 2);
  std::int64_t id = 0;
};

std::vector<std::vector<Json>> all(Rows rows) {
  std::vector<std::vector<Json>> found;
  for (std::vector<Json> values; rows.next(values);)
    found.push_back(values);
  return found;
}

std::string mistake_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const SqlMistake& mistake) {
    return mistake.what();
  }
  return "none";
}

TEST_F(ReadModels, a_selection_has_named_columns_and_values_by_type) {
  auto rows = select(store, "SELECT :a AS a, 1 AS b, 0.5 AS c, NULL AS d, x'00ff' AS e; \n",
                     {{"a", "text"}});
  EXPECT_THAT(rows.columns(), ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(all(std::move(rows)),
              ElementsAre(ElementsAre(Json("text"), Json(1), Json(0.5), Json(), Json("2 bytes"))));
}

TEST_F(ReadModels, what_a_user_got_wrong_in_sql_is_no_fault_of_the_file) {
  EXPECT_THAT(mistake_of([&] { select(store, "SELECT colour FROM run"); }),
              HasSubstr("invalid SQL: no such column: colour"));
  EXPECT_THAT(mistake_of([&] { select(store, "SELECT 1; SELECT 2"); }),
              HasSubstr("more than one statement: ' SELECT 2'"));
  EXPECT_THAT(mistake_of([&] { select(store, " ; "); }), HasSubstr("contains no statement"));
  EXPECT_THAT(mistake_of([&] {
                select(store, "SELECT :task", {{"tsk", "room"}});
              }),
              HasSubstr("no parameter 'tsk'; it has 'task'"));
  auto rows = select(store, "SELECT json_extract('{', '$')");
  std::vector<Json> values;
  EXPECT_THAT(mistake_of([&] { rows.next(values); }), HasSubstr("malformed JSON"));
  const Store reader(folder / "results.db", Store::Mode::read);
  EXPECT_THAT(mistake_of([&] { all(select(reader, "DELETE FROM run")); }),
              HasSubstr("only reading is allowed"));
}

TEST_F(ReadModels, a_run_is_found_by_its_number_and_a_cell_by_how_its_key_begins) {
  const auto& key = plan.cells[0].key;
  EXPECT_THAT(cells_beginning(store, key), IsEmpty()) << "nothing has run";
  EXPECT_FALSE(run_numbered(store, 1));
  finish(0);
  ASSERT_TRUE(run_numbered(store, 1));
  EXPECT_EQ(run_numbered(store, 1)->key, key);
  const auto found = cells_beginning(store, key.substr(0, 10));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].cell, run_numbered(store, 1)->cell);
  EXPECT_EQ(found[0].run, 0);
}

TEST_F(ReadModels, attempts_at_a_cell_are_told_apart) {
  const auto& key = plan.cells[0].key;
  EXPECT_FALSE(last_attempt(store, key));
  fail(0, "no such file");
  ASSERT_TRUE(store.begin_run(key));
  const auto last = last_attempt(store, key);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->state, "running");
  EXPECT_EQ(last->number, 2);
  const auto cell = cells_beginning(store, key).at(0).cell;
  const auto first = find_attempt(store, cell, 0, 1);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->error_kind, "data");
  EXPECT_EQ(first->error, "no such file");
  EXPECT_EQ(first->attempts, 2);
  EXPECT_FALSE(first->log);
  EXPECT_EQ(find_attempt(store, cell, 0, 0)->run, last->run);
  EXPECT_EQ(find_attempt(store, cell, first->run, 0)->number, 1);
  EXPECT_FALSE(find_attempt(store, cell, 0, 3));
}

TEST_F(ReadModels, the_origin_of_a_cell_is_that_of_its_finished_run_in_the_latest_revision) {
  fail(0, "no such file");
  finish(0);
  plan.experiment.overrides = {"task.room.lr=1"};
  plan.experiment.resolved["changed"] = true;
  plan.experiment.file = "rooms.toml";
  std::swap(plan.cells[0], plan.cells[3]);
  record(store, plan);
  const auto cell = cells_beginning(store, plan.cells[3].key).at(0).cell;
  const auto origin = origin_of(store, cell, 0);
  ASSERT_TRUE(origin);
  EXPECT_EQ(origin->state, "ok");
  EXPECT_EQ(origin->attempt, 2);
  EXPECT_EQ(origin->identity, plan.cells[3].identity);
  EXPECT_EQ(origin->provenance.at("device"), "cpu");
  EXPECT_EQ(origin->experiment, "ablation");
  EXPECT_EQ(origin->file, "rooms.toml");
  EXPECT_THAT(origin->overrides, ElementsAre("task.room.lr=1"));
  EXPECT_THAT(origin->axes, ElementsAre(Pair("encoder", "htsat"), Pair("task", "room"),
                                        Pair("dataset", "scenes"), Pair("seed", "0")));
  EXPECT_EQ(origin_of(store, cell, 1)->state, "failed");
  EXPECT_FALSE(origin_of(store, cell, 99));
}

TEST_F(ReadModels, a_run_whose_experiment_is_gone_still_has_an_identity) {
  finish(0);
  execute("DELETE FROM experiment");
  const auto origin = origin_of(store, run_numbered(store, 1)->cell, 1);
  ASSERT_TRUE(origin);
  EXPECT_EQ(origin->identity, plan.cells[0].identity);
  EXPECT_EQ(origin->experiment, "");
  EXPECT_THAT(origin->axes, IsEmpty());
}

TEST_F(ReadModels, finished_cells_of_all_revisions_and_imported_ones_are_found) {
  finish(0);
  fail(1, "no such file");
  plan.experiment.resolved["changed"] = true;
  plan.cells[3].identity["imported"] = "ab";
  plan.cells[3].key = protocol::sha256(plan.cells[3].identity);
  plan.cells.erase(plan.cells.begin());
  const auto later = record(store, plan);
  EXPECT_THAT(finished_keys(store, "ablation"), ElementsAre(small().cells[0].key));
  EXPECT_THAT(imported_cells(store, id), IsEmpty());
  const auto imported = imported_cells(store, later);
  ASSERT_EQ(imported.size(), 1U);
  EXPECT_EQ(imported[0].system, "mimi");
  EXPECT_EQ(imported[0].task, "room");
  EXPECT_EQ(imported[0].seed, 1);
  EXPECT_EQ(imported[0].identity.at("imported"), "ab");
}

TEST_F(ReadModels, revisions_come_in_the_order_in_which_they_were_seen) {
  EXPECT_FALSE(latest_file(store, "another"));
  plan.experiment.resolved["changed"] = true;
  plan.experiment.source = "seeds = 1";
  plan.cells.pop_back();
  const auto later = record(store, plan);
  const auto revisions = revisions_of(store, "ablation");
  ASSERT_EQ(revisions.size(), 2U);
  EXPECT_EQ(revisions[0].id, id);
  EXPECT_FALSE(revisions[0].latest);
  EXPECT_EQ(revisions[1].id, later);
  EXPECT_TRUE(revisions[1].latest);
  EXPECT_NE(revisions[0].hash, revisions[1].hash);
  EXPECT_EQ(latest_file(store, "ablation")->source, "seeds = 1");
  EXPECT_EQ(resolved_experiment(store, later).resolved.at("changed"), true);
  EXPECT_FALSE(resolved_experiment(store, id).resolved.contains("changed"));
  EXPECT_EQ(cell_keys(store, id).size(), 4U);
  EXPECT_EQ(cell_keys(store, later).size(), 3U);
  EXPECT_EQ(all(revision_table(store, "ablation")).size(), 2U);
  EXPECT_THAT(all(experiment_table(store)), ElementsAre(::testing::Contains(Json("ablation"))));
}

TEST_F(ReadModels, json_that_cannot_be_read_is_named_with_its_file) {
  execute("PRAGMA ignore_check_constraints = 1");
  execute("UPDATE experiment SET resolved = '{'");
  EXPECT_THAT(failure_of([&] { resolved_experiment(store, id); }),
              AllOf(HasSubstr("results.db: experiment 'ablation', column resolved is not valid"),
                    HasSubstr("runner db check")));
}

TEST_F(ReadModels, states_of_cells_are_those_of_their_last_runs) {
  finish(0);
  fail(1, "first");
  fail(2, "second");
  std::vector<std::string> states;
  for (const auto& cell : cell_states(store, ""))
    states.push_back(cell.encoder + " " + cell.state + " " + std::to_string(cell.run));
  EXPECT_THAT(states,
              ElementsAre("htsat ok 1", "htsat failed 2", "mimi failed 3", "mimi pending 0"));
  EXPECT_THAT(cell_states(store, "another"), IsEmpty());
  EXPECT_EQ(failed_cells(store, "ablation"), 2);
  const auto failures = all(failure_table(store, "ablation", 1));
  ASSERT_EQ(failures.size(), 1U) << "the newest";
  EXPECT_EQ(failures[0].back(), "second");
  EXPECT_EQ(all(failure_table(store, "ablation", -1)).size(), 2U);
  EXPECT_EQ(all(cell_table(store, "ablation")).size(), 4U);
  EXPECT_THAT(all(skipped_table(store, "ablation")), IsEmpty());
  EXPECT_THAT(all(warning_table(store, "ablation")), IsEmpty());
}

TEST_F(ReadModels, warnings_are_those_of_ok_runs_one_per_line) {
  auto run = ok_run();
  run.warnings = {"the scores are the same", "the penalty is the smallest"};
  run_cell(store, plan.cells[0].key, run);
  run.state = "killed";
  run.error = "interrupted";
  run_cell(store, plan.cells[1].key, run);
  const auto warnings = all(warning_table(store, "ablation"));
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].back(), "the scores are the same\nthe penalty is the smallest");
  EXPECT_EQ(all(failure_table(store, "ablation", -1)).at(0).back(), "interrupted");
}

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

TEST_F(ReadModels, the_cells_of_a_design_have_all_axes_but_seed_and_fold) {
  auto more = small({"htsat"}, {"blind"}, 1);
  more.experiment.name = "more";
  more.cells[0].identity["encoder"] = nullptr;
  more.cells[0].key = protocol::sha256(more.cells[0].identity);
  more.cells.push_back(cell_of("mimi", "blind", 0));
  more.cells[1].key.clear();
  more.cells[1].skipped = "weights missing: mimi";
  const auto experiment = record(store, more);
  run_cell(store, more.cells[0].key, ok_run());
  const auto cells = design_cells(store, experiment);
  ASSERT_EQ(cells.size(), 2U);
  EXPECT_THAT(cells[0].axes, ElementsAre(Pair("dataset", "scenes"), Pair("encoder", "htsat"),
                                         Pair("task", "blind")));
  EXPECT_TRUE(cells[0].hears_nothing);
  EXPECT_EQ(cells[0].run, 1);
  EXPECT_EQ(cells[0].primary, "accuracy");
  EXPECT_EQ(cells[0].device, "cpu");
  EXPECT_EQ(cells[1].run, 0);
  EXPECT_EQ(cells[1].skipped, "weights missing: mimi");
}

TEST_F(ReadModels, finished_runs_on_a_dataset_are_found_by_key_or_by_label) {
  finish(0);
  const auto& key = plan.datasets[0].key;
  const auto runs = test_runs(store, key, "another", "another");
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].experiment, "ablation");
  EXPECT_EQ(runs[0].encoder, "htsat");
  EXPECT_EQ(runs[0].run, 1);
  EXPECT_EQ(test_runs(store, "another", "ablation", "scenes").size(), 1U);
  EXPECT_THAT(test_runs(store, "another", "another", "scenes"), IsEmpty());
}

TEST_F(ReadModels, provenance_of_weights_and_answers_is_told_where_somebody_says) {
  auto more = small({"htsat", "mimi"}, {"room"}, 1);
  more.experiment.name = "more";
  more.cells[0].weights = "hf://a/b";
  more.cells[0].pretrain_data = {"AudioSet"};
  more.cells[0].in_domain = true;
  more.datasets[0].key = key_of("answered");
  for (auto& cell : more.cells)
    cell.dataset_key = more.datasets[0].key;
  more.datasets[0].info.slices = {{"gold_from", {{"hearsay", 3}}}, {"heard", {{"audio", 3}}}};
  more.datasets[0].info.slice_roles = {{"answer_origin", "heard"}};
  const auto experiment = record(store, more);
  const auto weights = encoder_weights(store, experiment);
  ASSERT_EQ(weights.size(), 1U) << "nothing is known of mimi";
  EXPECT_EQ(weights[0].weights, "hf://a/b");
  EXPECT_EQ(weights[0].pretrain_data, Json({"AudioSet"}));
  EXPECT_EQ(weights[0].in_domain, Json({"scenes"}));
  const auto answers = answer_origins(store, experiment);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].items, Json({{"audio", 3}}));
  EXPECT_THAT(answer_origins(store, id), IsEmpty());
}

TEST_F(ReadModels, a_check_finds_a_run_without_metrics_before_it_reads_content) {
  finish(0);
  EXPECT_THAT(problems_of(store), IsEmpty());
  execute("DELETE FROM metric");
  EXPECT_THAT(problems_of(store), ElementsAre("run 1 is ok but has no metric"));
  EXPECT_THAT(row_counts(store), ::testing::Contains(Pair("prediction", 4)));
  EXPECT_EQ(summary_of(store).schema, newest_schema());
  EXPECT_GT(summary_of(store).bytes, 0);
}

}  // namespace
}  // namespace earshot::host
