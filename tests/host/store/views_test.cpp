#include <cstdlib>
#include <limits>

#include <sys/wait.h>

#include "files.hpp"
#include "fixture.hpp"
#include "host/store/queries.hpp"
#include "host/store/view_rows.hpp"
#include "pages.hpp"

namespace earshot::host {
namespace {

using ::testing::Contains;
using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

std::vector<std::string> columns(const Store& store, const std::string& view) {
  const Statement statement(connection_of(store), "SELECT * FROM " + view);
  std::vector<std::string> names;
  for (int i = 0; i < statement.columns(); ++i)
    names.push_back(statement.column_name(i));
  return names;
}

class Views : public ::testing::Test {
 protected:
  void run_all(const Small& plan, const std::map<std::string, double>& event) {
    for (const auto& cell : plan.cells) {
      run_cell(store, cell.key, ok_run(event.at(cell.encoder), 0.5));
    }
  }

  TemporaryFolder folder;
  Store store{folder / "results.db", Store::Mode::write};
};

TEST_F(Views, have_the_columns_that_users_rely_on) {
  EXPECT_THAT(columns(store, "result"),
              IsSupersetOf({"experiment", "cell_key", "encoder", "dataset", "task", "mapper",
                            "language_model", "seed", "fold", "slice_dimension", "slice", "metric",
                            "unit", "value", "n", "ci_low", "ci_high", "weights"}));
  EXPECT_THAT(columns(store, "category_delta"),
              IsSupersetOf({"experiment", "axis", "base", "candidate", "task", "category", "metric",
                            "base_value", "candidate_value", "delta", "replicates", "items"}));
  EXPECT_THAT(columns(store, "published"),
              IsSupersetOf({"ours", "reference", "difference", "source"}));
  EXPECT_THAT(columns(store, "leaderboard"), IsSupersetOf({"task", "encoder", "rank", "value"}));
  EXPECT_THAT(columns(store, "failure"), IsSupersetOf({"cell_key", "state", "error", "log"}));
  EXPECT_THAT(columns(store, "cost"), IsSupersetOf({"kind", "cells", "seconds", "bytes"}));
}

TEST_F(Views, result_has_a_row_for_each_run_slice_and_metric) {
  const auto plan = small();
  record(store, plan);
  run_all(plan, {{"htsat", 0.7}, {"mimi", 0.9}});
  EXPECT_EQ(count(store, "result"), 12 * 3);
  EXPECT_THAT(rows(store,
                   "SELECT value, n, seed FROM result WHERE encoder = 'mimi' AND task = "
                   "'room' AND slice = 'event' ORDER BY seed LIMIT 1"),
              ElementsAre(ElementsAre(Json(0.9), Json(2), Json(0))));
}

TEST_F(Views, category_delta_is_the_paired_mean_over_seeds) {
  const auto plan = small();
  record(store, plan);
  for (const auto& cell : plan.cells) {
    const auto seed = static_cast<double>(cell.seed);
    run_cell(store, cell.key,
             cell.encoder == "mimi" ? ok_run(0.5 + 0.1 * seed, 0.25) : ok_run(0.5, 0.5));
  }
  const auto found = rows(store,
                          "SELECT category, base_value, candidate_value, delta, replicates, "
                          "items FROM category_delta WHERE axis = 'encoder' AND base = "
                          "'htsat' AND candidate = 'mimi' AND task = 'room' ORDER BY 1");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0][0], "event");
  EXPECT_DOUBLE_EQ(found[0][2].get<double>(), 0.6);
  EXPECT_NEAR(found[0][3].get<double>(), 0.1, 1e-12);
  EXPECT_EQ(found[0][4], 3);
  EXPECT_EQ(found[0][5], 2);
  EXPECT_THAT(found[1],
              ElementsAre(Json("mood"), Json(0.5), Json(0.25), Json(-0.25), Json(3), Json(2)));
}

TEST_F(Views, seeds_that_one_side_lacks_make_no_pair) {
  const auto plan = small();
  record(store, plan);
  for (const auto& cell : plan.cells) {
    if (cell.encoder == "mimi" && cell.seed == 2) continue;
    run_cell(store, cell.key, ok_run());
  }
  EXPECT_THAT(rows(store, "SELECT DISTINCT replicates FROM category_delta WHERE axis = 'encoder'"),
              ElementsAre(ElementsAre(Json(2))));
}

TEST_F(Views, items_of_folds_add_up_and_those_of_seeds_do_not) {
  auto plan = small({"htsat", "mimi"}, {"room"}, 2);
  const auto first_fold = plan.cells;
  for (auto cell : first_fold) {
    cell.fold = 2;
    cell.axes.emplace_back("fold", 2);
    cell.identity["fold"] = 2;
    cell.key = protocol::sha256(cell.identity);
    plan.cells.push_back(cell);
  }
  record(store, plan);
  run_all(plan, {{"htsat", 0.7}, {"mimi", 0.9}});
  EXPECT_THAT(rows(store,
                   "SELECT DISTINCT replicates, items FROM category_delta WHERE axis = "
                   "'encoder'"),
              ElementsAre(ElementsAre(Json(4), Json(4))));
}

TEST_F(Views, axes_that_advance_together_do_not_break_a_pair) {
  auto plan = small({"htsat"}, {"qa"}, 1);
  auto other = plan.cells[0];
  for (auto* cell : {&plan.cells[0], &other}) {
    const bool first = cell == &plan.cells[0];
    cell->language_model = first ? "small" : "large";
    cell->mapper = first ? "linear" : "mlp";
    cell->axes.emplace_back("language_model", cell->language_model);
    cell->axes.emplace_back("mapper", cell->mapper);
    cell->identity["lm"] = cell->language_model;
    cell->key = protocol::sha256(cell->identity);
  }
  plan.cells.push_back(other);
  record(store, plan);
  run_all(plan, {{"htsat", 0.5}});
  EXPECT_EQ(count(store, "category_delta WHERE axis = 'language_model'"), 0);
  for (auto& cell : plan.cells)
    cell.zips = {{"language_model", "mapper"}};
  plan.experiment.resolved["zip"] = true;
  record(store, plan);
  EXPECT_EQ(count(store, "category_delta WHERE axis = 'language_model' AND base = 'small'"), 2);
}

TEST_F(Views, an_option_that_was_chosen_does_not_break_a_pair_and_losers_are_hidden) {
  auto plan = small({"htsat", "mimi"}, {"qa"}, 1);
  for (auto& cell : plan.cells) {
    cell.axes.emplace_back("task.lr", cell.encoder == "mimi" ? 1e-4 : 3e-4);
  }
  auto loser = plan.cells[0];
  loser.axes.back().second = 1e-4;
  loser.split = "validation";
  loser.identity["predict"] = "validation";
  loser.key = protocol::sha256(loser.identity);
  plan.cells.push_back(loser);
  plan.experiment.chosen = {"task.lr"};
  record(store, plan);
  run_all(plan, {{"htsat", 0.5}, {"mimi", 0.6}});
  EXPECT_EQ(count(store, "category_delta WHERE axis = 'encoder' AND candidate = 'mimi'"), 2);
  for (const char* candidate : {"htsat", "mimi"})
    EXPECT_EQ(
        count(store, "category_delta WHERE axis = 'encoder' AND replicates = 1 AND candidate = '" +
                         std::string(candidate) + "'"),
        2);
  EXPECT_EQ(count(store, "result"), 6);
  EXPECT_EQ(count(store, "leaderboard"), 2);
  EXPECT_THAT(
      rows(store, "SELECT DISTINCT variant FROM result ORDER BY 1"),
      ElementsAre(ElementsAre(Json("task.lr=0.0001")), ElementsAre(Json("task.lr=0.0003"))));
}

TEST_F(Views, vectors_are_neither_right_nor_wrong) {
  auto plan = small({"htsat"}, {"brain"}, 1);
  plan.cells[0].target = "voxels";
  plan.cells[0].primary = "correlation";  // no mark
  record(store, plan);
  Json items = Json::array();
  for (int i = 0; i < 6; ++i)
    items.push_back({"clip" + std::to_string(i), Json::object(), Json::object(),
                     Json{{"voxels", Json::array({85810})}}});
  store.add_items(plan.datasets[0].key, items);
  auto run = ok_run();
  run.predictions = {{2, Json(), "", {{"mae", 0.5}}}, {3, Json(), "", {{"mae", 0.7}}}};
  run_cell(store, plan.cells[0].key, run);
  EXPECT_EQ(count(store, "answer"), 2);
  EXPECT_EQ(count(store, "answer WHERE correct IS NULL AND gold = '[85810]'"), 2);
}

TEST_F(Views, numbers_and_errors_are_neither_right_nor_wrong) {
  auto plan = small({"htsat"}, {"decay", "resynthesis", "room"}, 1);
  plan.cells[0].target = "rt60";
  plan.cells[0].primary = "within";  // a mark where more is better
  plan.cells[1].primary = "mel";
  plan.cells[2].target = "room";
  record(store, plan);
  Json items = Json::array();
  for (int i = 0; i < 6; ++i)
    items.push_back({"clip" + std::to_string(i), Json::object(), Json::object(),
                     Json{{"rt60", 0.5}, {"room", "hall"}}});
  store.add_items(plan.datasets[0].key, items);
  auto numbers = ok_run(), errors = ok_run(), classes = ok_run();
  numbers.predictions = {{2, Json(), "", {{"within", 0.0}}}, {3, 0.75, "", {{"within", 1.0}}}};
  errors.metric_specs[0].name = "mel";
  errors.metric_specs[0].higher_is_better = false;
  errors.metrics.resize(1);
  errors.metrics[0].first.metric = "mel";
  errors.predictions = {{2, Json(), "", {{"mel", 4.0}}}, {3, Json(), "", {{"mel", 5.0}}}};
  classes.predictions = {{2, "hall", "", {{"accuracy", 1.0}}}, {3, "hut", "", Json::object()}};
  run_cell(store, plan.cells[0].key, numbers);
  run_cell(store, plan.cells[1].key, errors);
  run_cell(store, plan.cells[2].key, classes);
  EXPECT_EQ(count(store, "answer WHERE task <> 'room' AND correct IS NULL"), 4);
  EXPECT_THAT(rows(store, "SELECT correct FROM answer WHERE task = 'room' ORDER BY item"),
              ElementsAre(ElementsAre(Json(1.0)), ElementsAre(Json(0.0))));
  std::vector<Json> hardest;
  for (const auto& query : named_queries())
    if (query.name == "hardest")
      for (const auto& row : rows(store, query.sql))
        hardest.push_back(Json::array({row[1], row[2], row[5]}));
  EXPECT_EQ(Json(hardest), Json::parse(R"([["room", "clip3", null], ["room", "clip2", null],
                                           ["resynthesis", "clip3", 5.0],
                                           ["resynthesis", "clip2", 4.0],
                                           ["decay", "clip3", 0.25]])"));
}

TEST_F(Views, what_trains_is_shown_with_its_last_point) {
  const auto plan = small({"htsat", "mimi"}, {"room"}, 1);
  record(store, plan);
  for (const auto& cell : plan.cells) {
    const auto run = *store.begin_run(cell.key);
    const std::vector<CurveRow> points{
        {"loss", 0, 5.0}, {"loss", cell.encoder == "mimi" ? 9 : 4, 1.0}, {"rate", 1, 0.5}};
    store.record_curves(run, points);
  }
  for (const auto& query : named_queries()) {
    if (query.name != "training") continue;
    EXPECT_THAT(rows(store, "SELECT encoder, curve, step FROM (" +
                                query.sql.substr(0, query.sql.rfind("ORDER BY")) +
                                ") ORDER BY encoder, curve"),
                ElementsAre(ElementsAre(Json("htsat"), Json("loss"), Json(4)),
                            ElementsAre(Json("htsat"), Json("rate"), Json(1)),
                            ElementsAre(Json("mimi"), Json("loss"), Json(9)),
                            ElementsAre(Json("mimi"), Json("rate"), Json(1))));
  }
}

TEST_F(Views, the_leaderboard_ranks_by_the_metrics_direction) {
  const auto plan = small({"a", "b", "c"}, {"rt60"}, 2);
  record(store, plan);
  const std::map<std::string, double> error{{"a", 0.3}, {"b", 0.1}, {"c", 0.2}};
  for (const auto& cell : plan.cells) {
    auto run = ok_run(error.at(cell.encoder), error.at(cell.encoder));
    run.metric_specs[0].higher_is_better = false;
    run.metric_specs[0].unit = "s";
    run_cell(store, cell.key, run);
  }
  EXPECT_THAT(rows(store, "SELECT rank, encoder, seeds, unit FROM leaderboard ORDER BY rank"),
              ElementsAre(ElementsAre(Json(1), Json("b"), Json(2), Json("s")),
                          ElementsAre(Json(2), Json("c"), Json(2), Json("s")),
                          ElementsAre(Json(3), Json("a"), Json(2), Json("s"))));
}

TEST_F(Views, published_numbers_stand_beside_the_mean_of_their_cells) {
  auto plan = small({"mfcc"}, {"knn"}, 2);
  ReferenceRecord reference;
  reference.metric = "accuracy";
  reference.value = 0.5;
  reference.source = "Piczak 2015, ESC-10";
  reference.cells = {plan.cells[0].key, plan.cells[1].key};
  plan.experiment.references = {reference};
  record(store, plan);
  EXPECT_THAT(rows(store, "SELECT ours, reference, difference, runs, cells FROM published"),
              ElementsAre(ElementsAre(Json(), Json(0.5), Json(), Json(0), Json(2))));
  run_cell(store, plan.cells[0].key, ok_run(0.5, 0.5));
  run_cell(store, plan.cells[1].key, ok_run(1.0, 1.0));
  EXPECT_THAT(rows(store, "SELECT ours, reference, difference, runs, cells FROM published"),
              ElementsAre(ElementsAre(Json(0.75), Json(0.5), Json(0.25), Json(2), Json(2))));
}

TEST_F(Views, failure_shows_the_last_attempt_of_cells_that_never_came_through) {
  const auto plan = small();
  record(store, plan);
  RunRecord run;
  run.state = "oom";
  run.error_kind = "oom";
  run.error = "more than 2 GiB";
  run_cell(store, plan.cells[0].key, run);
  run.state = "timeout";
  run.error = "more than 60 s";
  run_cell(store, plan.cells[0].key, run);
  EXPECT_THAT(
      rows(store, "SELECT encoder, state, error, attempts FROM failure"),
      ElementsAre(ElementsAre(Json("htsat"), Json("timeout"), Json("more than 60 s"), Json(2))));
}

/// A small quickstart with everything that the page has a query for: a failed cell, one that cannot
/// run, one that trains, a published number, a comparison and a share of changed codes.
class Documented : public Views {
 protected:
  Documented() {
    auto plan = small({"level_only", "mfcc", "log_mel"}, {"room", "event"});
    plan.experiment.name = "quickstart";
    for (auto& cell : plan.cells)
      cell.target = "room";
    ReferenceRecord reference;
    reference.metric = "accuracy";
    reference.cells = {plan.cells[0].key};
    plan.experiment.references = {reference};
    plan.datasets[0].left_out.rows = {2, {"q.csv:7: the question has no text"}};
    auto missing = cell_of("htsat", "room", 0);
    missing.key.clear();
    missing.skipped = "weights missing";
    plan.cells.push_back(missing);
    const auto experiment = record(store, plan);
    add_items(plan);
    StageRecord stage;
    stage.key = "f1";
    stage.kind = "features";
    stage.state = "ok";
    stage.seconds = 2;
    stage.facts = {{"audio_seconds", 100}, {"encode_seconds", 1}};
    store.record_stage(stage);
    const auto runs = plan.cells.size() - 3;
    for (std::size_t i = 0; i < runs; ++i) {
      auto run = ok_run();
      run.metrics.push_back({metric_row("setting", "indoor", 0.5, 4), {}});
      run.metrics.push_back({metric_row("all", "all", 0.25, 4), {}});
      run.metrics.back().first.metric = "macro_f1";
      run.metrics.push_back({metric_row("quantity", "gain", 0.1, 4), {}});
      run.metrics.back().first.metric = "changed";
      run.stages = {"f1"};
      run.result.used = 3;
      run.curves = {{"loss", 1, 0.5}};
      for (auto& prediction : run.predictions) {
        prediction.value = plan.cells[i].encoder == "mfcc" ? "hut" : "hall";
        prediction.marks = Json::object();
        prediction.scores = {0.75f, 0.25f};
      }
      run_cell(store, plan.cells[i].key, run);
    }
    RunRecord failed;
    failed.state = "failed";
    failed.error = "bad weights";
    run_cell(store, plan.cells[runs].key, failed);
    const std::vector<CurveRow> points{{"loss", 7, std::numeric_limits<double>::quiet_NaN()}};
    store.record_curves(*store.begin_run(plan.cells[runs + 1].key), points);
    ComparisonRow comparison;
    comparison.axis = "encoder";
    comparison.base = "mfcc";
    comparison.candidate = "log_mel";
    comparison.hypothesis = "spectral detail";
    comparison.delta = 0.1;
    comparison.verdict = "supported";
    store.record_comparisons(experiment, {comparison});
  }

  void add_items(const Small& plan) {
    Json items = Json::array();
    for (int i = 0; i < 6; ++i)
      items.push_back({"clip" + std::to_string(i),
                       {{"clip", std::to_string(i)}},
                       {{"setting", "indoor"}},
                       {{"room", "hall"}},
                       {{"text", "Where?"}, {"choices", {"hall", "hut"}}, {"answers", {"hall"}}}});
    store.add_items(plan.datasets[0].key, items);
  }
};

TEST_F(Documented, answers_stand_beside_question_and_truth) {
  EXPECT_THAT(
      rows(store,
           "SELECT item, question, choices, gold, value, correct, mark FROM answer "
           "WHERE encoder = 'mfcc' AND task = 'room' AND seed = 0 ORDER BY item_position LIMIT 1"),
      ElementsAre(ElementsAre(Json("clip2"), Json("Where?"), Json("[\"hall\",\"hut\"]"),
                              Json("hall"), Json("hut"), Json(0.0), Json())));
  EXPECT_EQ(count(store, "answer WHERE encoder = 'log_mel' AND correct = 1"), 4 * 4);
}

TEST_F(Documented, every_query_of_the_results_readme_runs_and_finds_rows) {
  const auto blocks =
      earshot::testing::sql_in(earshot::testing::text_of(EARSHOT_SOURCE_DIR "/results/README.md"));
  EXPECT_GE(blocks.size(), 8U);
  const Store reader(folder / "results.db", Store::Mode::read);
  for (const auto& sql : blocks) {
    EXPECT_NO_THROW(EXPECT_FALSE(rows(reader, sql).empty()) << sql) << sql;
  }
}

TEST_F(Documented, every_column_of_a_view_stands_in_the_results_readme) {
  const auto text = earshot::testing::text_of(EARSHOT_SOURCE_DIR "/results/README.md");
  for (const char* view : {"result", "answer", "slice_delta", "category_delta", "leaderboard",
                           "published", "cell_state", "failure", "training", "cost"}) {
    EXPECT_THAT(text, HasSubstr(std::string("### `") + view + "`"));
    for (const auto& column : columns(store, view)) {
      EXPECT_THAT(text, HasSubstr("`" + column + "`")) << view;
    }
  }
}

/// Standard joins and functions that DuckDB also supports; duckdb_reads_every_table_and_view runs
/// DuckDB itself.
TEST_F(Documented, views_are_written_so_that_other_programs_read_them) {
  Statement views(connection_of(store), "SELECT name, sql FROM sqlite_master WHERE type = 'view'");
  while (views.step()) {
    auto sql = views.text(1);
    for (auto at = sql.find("CROSS JOIN"); at != sql.npos; at = sql.find("CROSS JOIN", at + 1)) {
      const auto line = sql.substr(at, sql.find('\n', at) - at);
      EXPECT_EQ(line.find(" ON "), line.npos) << views.text(0) << ": " << line;
    }
    for (const char* word : {" IN (SELECT", "json_extract", "json_each", "count_star", "iif("})
      EXPECT_EQ(sql.find(word), sql.npos) << views.text(0) << ": " << word;
  }
  Statement tables(connection_of(store),
                   "SELECT m.name, c.name, c.type, m.sql FROM sqlite_master m "
                   "JOIN pragma_table_info(m.name) c WHERE m.type = 'table'");
  while (tables.step()) {
    EXPECT_NE(tables.text(2), "ANY") << tables.text(0) << '.' << tables.text(1);
    EXPECT_EQ(tables.text(3).find("WITHOUT ROWID"), std::string::npos)
        << tables.text(0) << ": DuckDB counts rows by rowid";
  }
}

/// Views go from small to large tables through primary keys and indices, whatever the file
/// contains.
TEST_F(Documented, views_look_rows_up_by_index) {
  for (const char* view :
       {"result WHERE experiment = 'quickstart'", "answer WHERE experiment = 'quickstart'",
        "slice_delta WHERE experiment = 'quickstart' AND axis = 'encoder'"}) {
    Statement plan(connection_of(store), std::string("EXPLAIN QUERY PLAN SELECT * FROM ") + view);
    while (plan.step())
      for (const char* table : {"SCAN v", "SCAN bv", "SCAN cv", "SCAN p", "SCAN i", "SCAN r"})
        EXPECT_NE(plan.text(3), table) << view;
  }
}

TEST_F(Documented, duckdb_reads_every_table_and_view) {
  const auto command = "python3 " EARSHOT_SOURCE_DIR "/tests/host/store/read_with_duckdb.py '" +
                       (folder / "results.db").string() + "' > '" + (folder / "said").string() +
                       "' 2>&1";
  const int status = std::system(command.c_str());
  const auto said = earshot::testing::text_of(folder / "said");
  if (WIFEXITED(status) && (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127))
    GTEST_SKIP() << said;
  EXPECT_EQ(status, 0) << said;
}

/// The types of columns in files of other programs are written down in view_rows.cpp, since SQLite
/// knows them only for columns of tables.
TEST_F(Documented, columns_of_views_have_the_types_of_their_values) {
  std::set<std::string> views;
  for (const auto& row : rows(store, "SELECT name FROM sqlite_master WHERE type = 'view'"))
    views.insert(row[0].get<std::string>());
  EXPECT_EQ(std::set<std::string>(view_names().begin(), view_names().end()), views);
  const std::map<ViewColumn::Type, std::string> types = {{ViewColumn::Type::integer, "integer"},
                                                         {ViewColumn::Type::real, "real"},
                                                         {ViewColumn::Type::text, "text"},
                                                         {ViewColumn::Type::bytes, "blob"}};
  for (const auto& view : views) {
    const ViewRows typed(store, view, "quickstart");
    for (const auto& column : typed.columns()) {
      const auto where = view + '.' + column.name;
      const auto declared = rows(store, "SELECT lower(type) FROM pragma_table_info('" + view +
                                            "') WHERE name = '" + column.name + "'")[0][0];
      // SQLite before 3.41 declares nothing for expressions, and later versions guess.
      if (declared == "integer" || declared == "real" || declared == "text" || declared == "blob") {
        EXPECT_EQ(declared, types.at(column.type)) << where;
      }
      for (const auto& row :
           rows(store, "SELECT DISTINCT typeof(\"" + column.name + "\") FROM " + view)) {
        if (row[0] != "null") {
          EXPECT_EQ(row[0], types.at(column.type)) << where;
        }
      }
    }
  }
}

TEST_F(Documented, rows_of_training_include_the_pretraining_of_the_experiment_only) {
  for (const auto* key : {"p1", "p2"}) {
    StageRecord pretraining;
    pretraining.key = key;
    pretraining.kind = "pretrain";
    pretraining.state = "ok";
    store.record_stage(pretraining);
    store.record_curves(key, "pretrain", std::vector<CurveRow>{{"loss", 1, 2.5}});
  }
  auto more = small({"mimi"}, {"room"}, 1);
  more.experiment.name = "more";
  record(store, more);
  auto run = ok_run();
  run.stages = {"p1"};
  run_cell(store, more.cells[0].key, run);
  ViewRows training(store, "training", "more");
  ASSERT_TRUE(training.next());
  EXPECT_EQ(training.bytes(2), "p1");
  EXPECT_FALSE(training.next());
}

TEST_F(Documented, every_ready_made_query_runs_and_finds_rows) {
  const Store reader(folder / "results.db", Store::Mode::read);
  EXPECT_GE(named_queries().size(), 10U);
  for (const auto& query : named_queries()) {
    EXPECT_FALSE(query.summary.empty()) << query.name;
    EXPECT_NO_THROW(EXPECT_FALSE(rows(reader, query.sql).empty()) << query.name) << query.name;
  }
}

}  // namespace
}  // namespace earshot::host
