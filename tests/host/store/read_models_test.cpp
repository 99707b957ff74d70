#include "read_models.hpp"

#include "host/store/experiment_design.hpp"
#include "host/store/file_check.hpp"
#include "host/store/migration.hpp"
#include "host/store/revisions.hpp"
#include "host/store/run_lookup.hpp"
#include "host/store/status_tables.hpp"

// Read models that find experiments, revisions, cells and runs.

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

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

TEST_F(ReadModels, the_latest_scores_are_those_of_the_cells_that_ended_last) {
  EXPECT_TRUE(all(latest_scores(store, "ablation", 5)).empty());
  for (const std::size_t cell : {2, 0, 3})
    finish(cell);
  fail(1, "no");
  for (const auto& [cell, ended] : {std::pair{2, 30}, {0, 20}, {3, 10}})
    execute("UPDATE run SET started_ms = 5, ended_ms = " + std::to_string(ended) +
            " WHERE state = 'ok' AND cell_id = " + std::to_string(cell + 1));
  const auto scores = all(latest_scores(store, "ablation", 2));
  ASSERT_EQ(scores.size(), 2U) << "one for each cell, whatever slices it has";
  EXPECT_EQ(scores[0][0], "mimi");
  EXPECT_EQ(scores[1][0], "htsat");
  EXPECT_EQ(scores[0][8], 0.5);
  EXPECT_EQ(all(latest_scores(store, "ablation", 5)).size(), 3U);
  EXPECT_TRUE(all(latest_scores(store, "other", 5)).empty());
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
