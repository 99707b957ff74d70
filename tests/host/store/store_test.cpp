#include "host/store/store.hpp"

#include <limits>

#include "files.hpp"
#include "fixture.hpp"
#include "host/store/content_hash.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Results : public ::testing::Test {
 protected:
  TemporaryFolder folder;
  std::filesystem::path file = folder / "results.db";
  Store store{file, Store::Mode::write};
};

TEST_F(Results, a_plan_that_is_recorded_twice_writes_nothing_the_second_time) {
  const auto plan = small();
  const auto first = record(store, plan);
  const auto writes = connection_of(store).integer("SELECT total_changes()");
  EXPECT_EQ(record(store, plan), first);
  EXPECT_EQ(connection_of(store).integer("SELECT total_changes()"), writes);
  EXPECT_EQ(count(store, "experiment_cell"), 12);
  EXPECT_EQ(count(store, "cell_axis"), 48);
}

TEST_F(Results, the_same_plan_from_another_file_is_known_by_that_file) {
  auto plan = small();
  plan.experiment.file = "/old/ablation.toml";
  const auto first = record(store, plan);
  plan.experiment.file = "/new/ablation.toml";
  plan.experiment.source = "# moved";
  EXPECT_EQ(record(store, plan), first);
  EXPECT_THAT(rows(store, "SELECT file, source, latest FROM experiment"),
              ElementsAre(ElementsAre(Json("/new/ablation.toml"), Json("# moved"), Json(1))));
}

TEST_F(Results, a_dataset_says_what_is_in_no_item_as_the_latest_revision_found_it) {
  auto plan = small({"htsat"});
  plan.datasets[0].left_out.rows = {2, {"q.csv:7: the question has no text"}};
  record(store, plan);
  const auto* const stored = "SELECT rows_left_out, files_left_out, left_out FROM dataset";
  EXPECT_THAT(
      rows(store, stored),
      ElementsAre(ElementsAre(Json(2), Json(0), Json("[\"q.csv:7: the question has no text\"]"))));
  auto wide = small();
  wide.datasets[0].left_out.files = {1, {"a.m4a: an unsupported format"}};
  record(store, wide);
  EXPECT_THAT(
      rows(store, stored),
      ElementsAre(ElementsAre(Json(0), Json(1), Json("[\"a.m4a: an unsupported format\"]"))));
}

TEST_F(Results, a_revision_shares_cells_and_the_latest_is_shown) {
  const auto narrow = small({"htsat"}), wide = small();
  const auto first = record(store, narrow);
  for (const auto& cell : narrow.cells)
    run_cell(store, cell.key, ok_run());
  EXPECT_NE(record(store, wide), first);
  EXPECT_EQ(count(store, "cell"), 12);
  EXPECT_EQ(count(store, "cell_state"), 12);
  EXPECT_EQ(count(store, "cell_state WHERE state = 'ok'"), 6);
  EXPECT_EQ(count(store, "experiment"), 2);
  // Going back shows the first again.
  EXPECT_EQ(record(store, narrow), first);
  EXPECT_EQ(count(store, "cell_state"), 6);
  EXPECT_EQ(store.experiment("ablation"), first);
}

TEST_F(Results, finished_cells_are_those_with_an_ok_run) {
  const auto plan = small();
  record(store, plan);
  std::vector<std::string> keys;
  for (const auto& cell : plan.cells)
    keys.push_back(cell.key);
  EXPECT_TRUE(store.finished(keys).empty());
  run_cell(store, keys[0], ok_run());
  RunRecord failed;
  failed.state = "failed";
  failed.error_kind = "data";
  failed.error = "clip.wav: is empty";
  failed.log = "log.txt";
  run_cell(store, keys[1], failed);
  EXPECT_THAT(store.finished(keys), ElementsAre(keys[0]));
  const auto failures = store.last_failures(keys);
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures.at(keys[1]).error, "clip.wav: is empty");
  EXPECT_EQ(failures.at(keys[1]).attempts, 1);
  // A second attempt that is ok ends the failure; the first attempt stays.
  run_cell(store, keys[1], ok_run());
  EXPECT_TRUE(store.last_failures(keys).empty());
  EXPECT_EQ(count(store, "run WHERE state = 'failed' AND attempt = 1"), 1);
  EXPECT_EQ(count(store, "failure"), 0);
}

TEST_F(Results, a_cell_is_claimed_once) {
  const auto plan = small();
  record(store, plan);
  const auto run = store.begin_run(plan.cells[0].key);
  ASSERT_TRUE(run.has_value());
  EXPECT_FALSE(store.begin_run(plan.cells[0].key).has_value());
  Store other(file, Store::Mode::write);
  EXPECT_FALSE(other.begin_run(plan.cells[0].key).has_value());
  EXPECT_EQ(other.mark_lost_runs(), 0);
  store.finish_run(*run, ok_run());
  EXPECT_FALSE(store.begin_run(plan.cells[0].key).has_value());
}

// Regression: a failed claim of a cell left the id of an owner that was rolled back.
TEST_F(Results, a_claim_that_fails_leaves_no_owner_behind) {
  const auto plan = small();
  auto broken = plan;
  // Provenance that SQLite refuses, after the owner's row was written.
  broken.provenance["plugins"] = {{{"name", "x"}, {"version", 1}}};
  record(store, broken);
  EXPECT_ANY_THROW(store.begin_run(plan.cells[0].key));
  EXPECT_EQ(count(store, "owner"), 0);
  auto other = plan;
  other.experiment.resolved["again"] = true;
  record(store, other);
  run_cell(store, plan.cells[0].key, ok_run());
  EXPECT_EQ(count(store, "run r JOIN owner o USING(owner_id) WHERE r.state = 'ok'"), 1);
}

TEST_F(Results, runs_of_a_process_that_is_gone_are_lost_and_run_again) {
  const auto plan = small();
  record(store, plan);
  {
    Store gone(file, Store::Mode::write);
    record(gone, plan);
    ASSERT_TRUE(gone.begin_run(plan.cells[0].key).has_value());
  }
  EXPECT_EQ(store.mark_lost_runs(), 1);
  EXPECT_EQ(store.mark_lost_runs(), 0);
  EXPECT_EQ(store.last_failures({plan.cells[0].key}).at(plan.cells[0].key).state, "lost");
  run_cell(store, plan.cells[0].key, ok_run());
  EXPECT_EQ(count(store, "run WHERE state = 'ok' AND attempt = 2"), 1);
}

TEST_F(Results, a_pretraining_of_a_process_that_is_gone_is_lost_before_any_run_began) {
  const auto plan = small();
  record(store, plan);
  const std::vector<CurveRow> points{{"loss", 0, 5.0}};
  {
    Store gone(file, Store::Mode::write);
    record(gone, plan);
    gone.record_curves("p1", "pretrain", points);
  }
  store.record_curves("p2", "pretrain", points);
  EXPECT_EQ(store.mark_lost_runs(), 0);
  EXPECT_THAT(
      rows(store, "SELECT key, state FROM stage ORDER BY key"),
      ElementsAre(ElementsAre(Json("p1"), Json("lost")), ElementsAre(Json("p2"), Json("running"))));
}

TEST_F(Results, a_run_that_was_marked_as_lost_cannot_be_finished) {
  const auto plan = small();
  record(store, plan);
  const auto run = store.begin_run(plan.cells[0].key);
  Statement(connection_of(store), "UPDATE run SET state = 'lost', ended_ms = 1").run();
  EXPECT_THAT(failure_of([&] { store.finish_run(*run, ok_run()); }),
              HasSubstr("run 1 is no longer this process's"));
  EXPECT_EQ(count(store, "metric"), 0);
}

TEST_F(Results, a_failed_run_leaves_no_metrics) {
  const auto plan = small();
  record(store, plan);
  auto run = ok_run();
  run.state = "failed";
  run_cell(store, plan.cells[0].key, run);
  EXPECT_EQ(count(store, "metric"), 0);
  EXPECT_EQ(count(store, "prediction"), 0);
}

TEST_F(Results, numbers_that_are_not_finite_are_tagged_and_enter_no_mean) {
  const auto plan = small();
  record(store, plan);
  auto run = ok_run();
  run.metrics[0].first.value = nullptr;
  run.metrics[0].first.nonfinite = "nan";
  run.curves = {{"loss", 0, std::numeric_limits<double>::infinity()}, {"loss", 1, 0.5}};
  run_cell(store, plan.cells[0].key, run);
  EXPECT_THAT(rows(store, "SELECT value, nonfinite FROM result WHERE slice = 'all'"),
              ElementsAre(ElementsAre(Json(), Json("nan"))));
  EXPECT_THAT(rows(store, "SELECT value, nonfinite FROM curve ORDER BY step"),
              ElementsAre(ElementsAre(Json(), Json("+inf")), ElementsAre(Json(0.5), Json())));
}

TEST_F(Results, predictions_keep_the_primary_mark_apart_and_values_by_type) {
  const auto plan = small();
  record(store, plan);
  auto run = ok_run();
  run.predictions = {{2, "dog", "It is a dog.", {{"accuracy", 1}, {"f1", 0.5}}},
                     {3, 2.5, "", {{"accuracy", 0}}},
                     {4, Json::array({"a", "b"}), "", Json::object()},
                     {5, nullptr, "", Json::object()}};
  run_cell(store, plan.cells[0].key, run);
  EXPECT_THAT(
      rows(store, "SELECT value, number, output, mark, marks FROM prediction ORDER BY item"),
      ElementsAre(
          ElementsAre(Json("dog"), Json(), Json("It is a dog."), Json(1.0), Json("{\"f1\":0.5}")),
          ElementsAre(Json("2.5"), Json(2.5), Json(), Json(0.0), Json()),
          ElementsAre(Json("[\"a\",\"b\"]"), Json(), Json(), Json(), Json()),
          ElementsAre(Json(), Json(), Json(), Json(), Json())));
}

TEST_F(Results, scores_are_kept_as_float32_and_candidates_where_they_are_needed) {
  const auto plan = small();
  record(store, plan);
  auto run = ok_run();
  run.predictions[0].scores = {0.25f, -1.5f};
  run.predictions[1].scores = {1.0f};
  run.predictions[1].candidates = {"a bell"};
  run_cell(store, plan.cells[0].key, run);
  Statement row(connection_of(store), "SELECT scores, candidates FROM prediction ORDER BY item");
  ASSERT_TRUE(row.step());
  EXPECT_THAT(row.floats(0), ElementsAre(0.25f, -1.5f));
  EXPECT_TRUE(row.is_null(1));
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.text(1), "[\"a bell\"]");
  ASSERT_TRUE(row.step());
  EXPECT_TRUE(row.is_null(0)) << "none, rather than an empty list";
}

TEST_F(Results, cells_that_cannot_run_are_rows_with_their_reason) {
  auto plan = small({"htsat", "mimi"}, {"room"}, 1);
  plan.cells[1].key.clear();
  plan.cells[1].skipped = "weights missing: hf://kyutai/mimi";
  const auto first = record(store, plan);
  run_cell(store, plan.cells[0].key, ok_run());
  EXPECT_THAT(rows(store, "SELECT encoder, state, error FROM cell_state ORDER BY position"),
              ElementsAre(ElementsAre(Json("htsat"), Json("ok"), Json()),
                          ElementsAre(Json("mimi"), Json("skipped"),
                                      Json("weights missing: hf://kyutai/mimi"))));
  EXPECT_THAT(rows(store, "SELECT encoder, state FROM failure"),
              ElementsAre(ElementsAre(Json("mimi"), Json("skipped"))));
  EXPECT_EQ(count(store, "cell_axis x JOIN axis_value v USING(value_id) WHERE v.value = 'mimi'"),
            1);
  EXPECT_EQ(record(store, plan), first) << "the same again is no new revision";
  // The weights are there now.
  plan.cells[1] = cell_of("mimi", "room", 0);
  EXPECT_NE(record(store, plan), first);
  EXPECT_EQ(count(store, "cell_state WHERE state = 'pending'"), 1);
}

TEST_F(Results, logs_and_artifacts_are_found_after_the_folder_has_moved) {
  const auto plan = small();
  record(store, plan);
  auto run = ok_run();
  run.log = (folder / "logs" / "a.log").string();
  run.artifacts = {
      {"confusion.csv", (folder / "artifacts" / "x" / "confusion.csv").string(), "", 0},
      {"elsewhere", "/somewhere/else", "", 0}};
  run_cell(store, plan.cells[0].key, run);
  EXPECT_THAT(rows(store, "SELECT path FROM artifact ORDER BY name"),
              ElementsAre(ElementsAre(Json("artifacts/x/confusion.csv")),
                          ElementsAre(Json("/somewhere/else"))));
  EXPECT_EQ(connection_of(store).text("SELECT log FROM run"), run.log);
  testing::write(folder / "logs" / "a.log", "the end");
  EXPECT_EQ(store.resolve(run.log), folder / "logs" / "a.log");
  EXPECT_EQ(store.resolve("/before/results/logs/a.log"), folder / "logs" / "a.log");
  EXPECT_EQ(store.resolve("artifacts/x"), folder / "artifacts" / "x");
  EXPECT_EQ(store.resolve("/somewhere/else"), "/somewhere/else");
}

TEST_F(Results, what_changed_inside_of_a_row_is_found_by_the_hash_of_its_run) {
  const auto plan = small();
  record(store, plan);
  store.add_items(plan.datasets[0].key,
                  Json::array({{"clip0", Json::object(), Json::object(), {{"room", "hall"}}}}));
  auto run = ok_run();
  run.predictions[0].scores = {0.5f};
  run.curves = {{"loss", 0, 1.0}};
  run.metrics[0].second = "eight bytes";
  for (const auto& cell : plan.cells)
    run_cell(store, cell.key, run);
  EXPECT_TRUE(changed_content(connection_of(store)).empty());
  for (const auto& [change, found] : std::vector<std::pair<std::string, std::string>>{
           {"UPDATE prediction SET value = 'cat' WHERE run_id = 2 AND item = 3",
            "run 2 has changed"},
           {"UPDATE prediction SET mark = 1.0 WHERE run_id = 2 AND item = 2", "run 2 has changed"},
           {"UPDATE prediction SET scores = x'00000000' WHERE run_id = 2 AND item = 2", "run 2"},
           {"UPDATE metric SET value = value + 1e-12 WHERE run_id = 3", "run 3 has changed"},
           {"UPDATE metric_definition SET higher_is_better = 0", "run 1 has changed"},
           {"UPDATE contribution SET packed = x'00' WHERE run_id = 1", "run 1 has changed"},
           {"UPDATE curve SET value = 2 WHERE run_id = 4", "run 4 has changed"},
           {"UPDATE run SET content_sha256 = NULL WHERE run_id = 2", "run 2 has changed"},
           {"UPDATE item SET labels = '{}'", "items of dataset scenes/scenes"},
           {"UPDATE cell SET identity = '{}' WHERE cell_id = 1", "cell "},
           {"UPDATE provenance SET facts = '{}'", "provenance 1 has changed"}}) {
    Statement(connection_of(store), "BEGIN").run();
    Statement(connection_of(store), change).run();
    EXPECT_THAT(changed_content(connection_of(store)), ::testing::Contains(HasSubstr(found)))
        << change;
    Statement(connection_of(store), "ROLLBACK").run();
  }
  EXPECT_TRUE(changed_content(connection_of(store)).empty());
}

TEST_F(Results, what_items_contribute_to_a_score_comes_back_bit_for_bit) {
  const auto plan = small();
  record(store, plan);
  auto run = ok_run();
  const std::string bytes("ESI1\0\xff\n", 7);
  run.metrics[1].second = bytes;
  run_cell(store, plan.cells[0].key, run);
  Statement row(connection_of(store), "SELECT packed FROM contribution");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.bytes(0), bytes);
  EXPECT_FALSE(row.step());
}

TEST_F(Results, weights_are_kept_with_what_they_were_trained_on) {
  auto plan = small({"htsat", "mimi"}, {"room"}, 1);
  plan.cells[0].pretrain_data = {"AudioSet", "FSD50K"};
  plan.cells[0].in_domain = true;
  record(store, plan);
  for (const auto& cell : plan.cells)
    run_cell(store, cell.key, ok_run());
  for (const char* view : {"result WHERE slice_dimension = 'all'", "leaderboard"})
    EXPECT_THAT(rows(store, std::string("SELECT encoder, pretrain_data, in_domain FROM ") + view +
                                " ORDER BY encoder"),
                ElementsAre(ElementsAre(Json("htsat"), Json("[\"AudioSet\",\"FSD50K\"]"), Json(1)),
                            ElementsAre(Json("mimi"), Json(), Json())));
}

TEST_F(Results, stand_beside_where_their_right_answers_are_from) {
  auto plan = small({"htsat"}, {"room"}, 1);
  plan.datasets[0].info.slices = {{"gold_from", {{"hearsay", 4}}},
                                  {"heard", {{"audio", 3}, {"caption", 1}}}};
  record(store, plan);
  EXPECT_EQ(count(store, "dataset WHERE gold_from IS NULL"), 1) << "a name means nothing";
  // The dataset then states its role, and its items are the same.
  plan.datasets[0].info.slice_roles = {{"answer_origin", "heard"}};
  plan.experiment.resolved["again"] = true;
  record(store, plan);
  run_cell(store, plan.cells[0].key, ok_run());
  for (const char* view : {"result WHERE slice_dimension = 'all'", "leaderboard"})
    EXPECT_THAT(rows(store, std::string("SELECT gold_from FROM ") + view),
                ElementsAre(ElementsAre(Json("audio, caption"))));
}

TEST_F(Results, a_run_that_names_an_unrecorded_stage_is_refused_whole) {
  const auto plan = small();
  record(store, plan);
  auto run = ok_run();
  run.stages = {"nowhere"};
  const auto id = store.begin_run(plan.cells[0].key);
  EXPECT_THROW(store.finish_run(*id, run), std::logic_error);
  EXPECT_EQ(count(store, "run WHERE state = 'running'"), 1);
}

TEST_F(Results, items_are_kept_in_order) {
  record(store, small());
  const auto key = key_of("scenes");
  EXPECT_FALSE(store.has_items(key));
  store.add_items(key, {{"a.wav", {{"clip", "1"}}, {{"category", "event"}}, {{"room", "hall"}}},
                        {"b.wav", Json::object(), Json::object(), Json::object()}});
  EXPECT_TRUE(store.has_items(key));
  EXPECT_THAT(rows(store, "SELECT position, id, labels FROM item"),
              ElementsAre(ElementsAre(Json(0), Json("a.wav"), Json("{\"room\":\"hall\"}")),
                          ElementsAre(Json(1), Json("b.wav"), Json("{}"))));
}

TEST_F(Results, provenance_and_plugins_are_kept_with_the_first_run) {
  const auto plan = small();
  record(store, plan);
  EXPECT_EQ(count(store, "provenance"), 0);
  run_cell(store, plan.cells[0].key, ok_run());
  run_cell(store, plan.cells[1].key, ok_run());
  EXPECT_THAT(rows(store, "SELECT git_commit, git_dirty, host, device FROM provenance"),
              ElementsAre(ElementsAre(Json("4f2a"), Json(1), Json("here"), Json("cpu"))));
  EXPECT_EQ(count(store, "plugin WHERE name = 'mimi'"), 1);
  EXPECT_EQ(count(store, "provenance_plugin"), 1);
}

TEST_F(Results, the_previous_identity_of_the_same_labels_tells_what_changed) {
  auto plan = small();
  record(store, plan);
  EXPECT_TRUE(store.previous_identity("ablation", plan.cells[0].axes).is_null());
  run_cell(store, plan.cells[0].key, ok_run());
  EXPECT_EQ(store.previous_identity("ablation", plan.cells[0].axes), plan.cells[0].identity);
  EXPECT_TRUE(store.previous_identity("another", plan.cells[0].axes).is_null());
  EXPECT_TRUE(store.previous_identity("ablation", plan.cells[1].axes).is_null());
}

TEST_F(Results, the_previous_identity_of_a_string_is_not_that_of_a_number) {
  auto plan = small();
  plan.cells[0].axes.emplace_back("task.size", 5);
  record(store, plan);
  run_cell(store, plan.cells[0].key, ok_run());
  auto axes = plan.cells[0].axes;
  EXPECT_FALSE(store.previous_identity("ablation", axes).is_null());
  axes.back().second = "5";
  EXPECT_TRUE(store.previous_identity("ablation", axes).is_null());
}

TEST_F(Results, comparisons_of_an_axis_and_base_are_replaced) {
  const auto experiment = record(store, small());
  ComparisonRow row;
  row.axis = "encoder";
  row.base = "htsat";
  row.candidate = "mimi";
  row.metric = "accuracy";
  row.delta = 0.1;
  store.record_comparisons(experiment, {row, row});
  row.base = "mimi";
  store.record_comparisons(experiment, {row});
  row.base = "htsat";
  row.delta = nullptr;
  store.record_comparisons(experiment, {row});
  EXPECT_THAT(
      rows(store, "SELECT base, delta FROM comparison ORDER BY base"),
      ElementsAre(ElementsAre(Json("htsat"), Json()), ElementsAre(Json("mimi"), Json(0.1))));
}

TEST_F(Results, an_unknown_experiment_is_named_with_the_nearest) {
  record(store, small());
  EXPECT_THAT(failure_of([&] { store.require_experiment("ablatoin"); }, ExitCode::usage),
              HasSubstr("has no experiment 'ablatoin'; it has 'ablation'; did you mean"));
}

TEST_F(Results, two_labels_of_one_cell_are_both_shown) {
  auto plan = small({"htsat"}, {"room"}, 1);
  auto twin = plan.cells[0];
  twin.encoder = "htsat_again";
  twin.axes[0].second = "htsat_again";
  plan.cells.push_back(twin);
  record(store, plan);
  run_cell(store, twin.key, ok_run());
  EXPECT_EQ(count(store, "result WHERE slice = 'all'"), 2);
  EXPECT_THAT(rows(store, "SELECT attempts, cells, seconds FROM cost"),
              ElementsAre(ElementsAre(Json(1), Json(1), Json(2.0))))
      << "what it cost counts once";
  EXPECT_THAT(rows(store, "SELECT delta FROM category_delta WHERE base = 'htsat'"),
              ElementsAre(ElementsAre(Json(0.0)), ElementsAre(Json(0.0))));
}

}  // namespace
}  // namespace earshot::host
