#include "fixture.hpp"
#include "host/store/queries.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

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

}  // namespace
}  // namespace earshot::host
