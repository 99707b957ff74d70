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

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A small quickstart with everything that the page has a query for: a failed cell, one that cannot
/// run, one that trains, a published number, a comparison and a share of changed codes.
class Documented : public ::testing::Test {
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

  TemporaryFolder folder;
  Store store{folder / "results.db", Store::Mode::write};
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
