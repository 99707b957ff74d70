#include <algorithm>
#include <fstream>
#include <iostream>
#include <limits>
#include <sstream>

#include "fixture.hpp"
#include "host/cli/command.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// What a command prints to stdout. @throws what it throws
std::string output_of(const Command& command, const std::vector<std::string>& arguments) {
  std::ostringstream text;
  auto* const before = std::cout.rdbuf(text.rdbuf());
  try {
    EXPECT_EQ(command.run(arguments), ExitCode::ok);
  } catch (...) {
    std::cout.rdbuf(before);
    throw;
  }
  std::cout.rdbuf(before);
  return text.str();
}

class Commands : public ::testing::Test {
 protected:
  Commands() {
    Store store(file, Store::Mode::write);
    plan = small();
    record(store, plan);
    store.add_items(plan.datasets[0].key, [] {
      Json items = Json::array();
      for (int i = 0; i < 6; ++i) {
        items.push_back({"clip" + std::to_string(i),
                         Json::object(),
                         Json::object(),
                         {{"room", "hall, large"}}});
      }
      return items;
    }());
    for (std::size_t i = 0; i < 10; ++i) {
      run_cell(store, plan.cells[i].key, ok_run(plan.cells[i].encoder == "mimi" ? 0.75 : 0.5));
    }
    std::ofstream(folder / "attempt.log") << "loading weights\nsegmentation fault\n";
    RunRecord failed;
    failed.state = "failed";
    failed.error = "mimi: bad weights";
    failed.log = "attempt.log";  // beside the results file
    run_cell(store, plan.cells[10].key, failed);
  }

  std::string run(const Command& command, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--results", file.string()});
    return output_of(command, arguments);
  }
  std::string usage_of(const Command& command, const std::vector<std::string>& arguments) {
    return failure_of([&] { run(command, arguments); }, ExitCode::usage);
  }

  TemporaryFolder folder;
  std::filesystem::path file = folder / "results.db";
  Small plan;
};

TEST_F(Commands, query_prints_aligned_columns_csv_and_json) {
  const std::string sql =
      "SELECT encoder, count(*) AS runs, avg(value) AS mean FROM result WHERE slice = 'event' "
      "GROUP BY encoder";
  EXPECT_EQ(run(query_command, {sql}),
            "encoder  runs  mean\n"
            "-------  ----  ----\n"
            "htsat       6   0.5\n"
            "mimi        4  0.75\n");
  EXPECT_EQ(run(query_command, {sql, "--format", "csv"}),
            "encoder,runs,mean\nhtsat,6,0.5\nmimi,4,0.75\n");
  EXPECT_EQ(Json::parse(run(query_command, {sql, "--format=json"})),
            Json::parse(R"([{"encoder": "htsat", "runs": 6, "mean": 0.5},
                            {"encoder": "mimi", "runs": 4, "mean": 0.75}])"));
}

TEST_F(Commands, query_takes_ready_made_queries_with_parameters) {
  const auto deltas =
      run(query_command, {"deltas", "base=htsat", "candidate=mimi", "--format", "csv"});
  EXPECT_THAT(deltas,
              AllOf(HasSubstr("ablation,encoder,htsat,mimi,room,category,event,accuracy,0.5,0.75,"
                              "0.25,3,2"),
                    Not(HasSubstr(",mimi,htsat,"))));
  EXPECT_THAT(run(query_command, {"leaderboard", "task=room"}), HasSubstr("mimi"));
}

TEST_F(Commands, query_changes_nothing_and_says_what_is_wrong_with_the_sql) {
  EXPECT_THAT(usage_of(query_command, {"DELETE FROM run"}), HasSubstr("only reading is allowed"));
  EXPECT_THAT(usage_of(query_command, {"SELECT colour FROM result"}),
              HasSubstr("no such column: colour"));
  EXPECT_THAT(usage_of(query_command, {"SELECT 1; DELETE FROM run"}),
              HasSubstr("more than one statement: ' DELETE FROM run'"));
  EXPECT_THAT(usage_of(query_command, {"leaderbord"}), HasSubstr("did you mean 'leaderboard'"));
  EXPECT_THAT(usage_of(query_command, {"leaderboard", "tsk=room"}),
              AllOf(HasSubstr("no parameter 'tsk'"), HasSubstr("'task'")));
  EXPECT_THAT(usage_of(query_command, {"SELECT 1", "--formt", "csv"}),
              HasSubstr("unknown option '--formt'; did you mean '--format'"));
  EXPECT_THAT(usage_of(query_command, {"SELECT 1 AS a", "--format", "cvs"}), HasSubstr("'cvs'"));
  EXPECT_THAT(usage_of(query_command, {}), HasSubstr("is missing"));
}

TEST_F(Commands, help_shows_usage_and_examples) {
  for (const auto* command :
       {&query_command, &export_command, &db_command, &status_command, &logs_command}) {
    const auto help = output_of(*command, {"--help"});
    EXPECT_THAT(help, AllOf(StartsWith(std::string("Usage: runner ") + command->name),
                            HasSubstr("--results"), HasSubstr("Examples:"),
                            HasSubstr(std::string("  runner ") + command->name)));
  }
  EXPECT_THAT(output_of(query_command, {"--help"}), HasSubstr("leaderboard"));
}

TEST_F(Commands, export_writes_results_and_predictions) {
  const auto results = run(export_command, {"ablation"});
  EXPECT_THAT(results, StartsWith("experiment,cell_key,encoder,"));
  EXPECT_EQ(std::count(results.begin(), results.end(), '\n'), 1 + 10 * 3);
  const auto predictions = run(export_command, {"ablation", "--predictions"});
  EXPECT_EQ(std::count(predictions.begin(), predictions.end(), '\n'), 1 + 10 * 4);
  EXPECT_THAT(predictions,
              HasSubstr("position,item,question,choices,gold,value,output,correct,"
                        "scores,answers,primary_metric,mark,marks,labels,slices,groups"));
  EXPECT_THAT(predictions,
              HasSubstr(R"(,clip2,,,,dog,,0.0,,,accuracy,0.0,,"{""room"":""hall, large""}")"));
  EXPECT_EQ(Json::parse(run(export_command, {"ablation", "--format", "json"})).size(), 30U);
  EXPECT_THAT(usage_of(export_command, {"ablatio"}), HasSubstr("did you mean 'ablation'"));
}

/// An experiment of one probe on a label with classes, and one on questions with choices.
void record_answers(Store& store) {
  auto qa = small({"mimi"}, {"qa"}, 1);
  qa.experiment.name = "questions";
  auto probe = cell_of("mimi", "probe", 0);
  probe.target = "room";
  qa.cells.push_back(probe);
  for (auto& cell : qa.cells)
    cell.dataset_key = key_of("asked");
  auto& info = qa.datasets[0].info;
  qa.datasets[0].key = key_of("asked");
  info.labels = {{"room", "class", "", {"hut", "hall"}}};
  record(store, qa);
  Json items = Json::array();
  for (int i = 0; i < 6; ++i)
    items.push_back({"clip" + std::to_string(i),
                     {{"source", "tape 1"}},
                     Json::object(),
                     {{"room", i == 2 ? "hall" : "hut"}},
                     {{"text", "What barks?"},
                      {"choices", {"a dog", "a cat"}},
                      {"answers", {"a dog", "dog"}}}});
  store.add_items(qa.datasets[0].key, items);
  auto run = ok_run();
  for (auto& prediction : run.predictions)
    prediction = {prediction.item, "a dog", "It is a dog.", {{"accuracy", 1}}, {-0.5f, -2.25f}, {}};
  run_cell(store, qa.cells[0].key, run);
  for (auto& prediction : run.predictions)
    prediction = {prediction.item, "hut", "", Json::object(), {0.75f, 0.1f}, {}};
  run_cell(store, qa.cells[1].key, run);
}

TEST_F(Commands, exported_predictions_can_be_analysed_alone) {
  {
    Store store(file, Store::Mode::write);
    record_answers(store);
  }
  std::istringstream lines(
      run(export_command, {"questions", "--predictions", "--format", "jsonl"}));
  std::vector<Json> all;
  for (std::string line; std::getline(lines, line);)
    all.push_back(Json::parse(line));
  ASSERT_EQ(all.size(), 8U);
  EXPECT_EQ(all[0]["question"], "What barks?");
  EXPECT_EQ(all[0]["choices"], Json({"a dog", "a cat"}));
  EXPECT_EQ(all[0]["gold"], "a dog");
  EXPECT_EQ(all[0]["answers"], Json({"a dog", "dog"}));
  EXPECT_EQ(all[0]["output"], "It is a dog.");
  EXPECT_EQ(all[0]["scores"], Json({{"a dog", -0.5}, {"a cat", -2.25}}));
  EXPECT_EQ(all[0]["groups"], Json({{"source", "tape 1"}}));
  EXPECT_EQ(all[4]["gold"], "hall") << "of the label that is predicted";
  EXPECT_EQ(all[4]["correct"], 0.0);
  EXPECT_EQ(all[5]["correct"], 1.0);
  EXPECT_EQ(all[4]["scores"], Json({{"hut", 0.75}, {"hall", 0.1}})) << "as short as a float is";
  EXPECT_THAT(run(export_command, {"questions", "--predictions"}),
              HasSubstr(R"("{""hall"":0.1,""hut"":0.75}")"));
}

TEST_F(Commands, hardest_shows_question_truth_and_answers_also_of_probes) {
  {
    Store store(file, Store::Mode::write);
    record_answers(store);
  }
  const auto found = Json::parse(
      run(query_command, {"hardest", "experiment=questions", "task=probe", "--format", "json"}));
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0]["item"], "clip2");
  EXPECT_EQ(found[0]["right"], 0.0);
  EXPECT_EQ(found[0]["gold"], "hall");
  EXPECT_EQ(found[0]["said"], "hut");
  EXPECT_EQ(found[0]["question"], "What barks?");
  EXPECT_EQ(found[1]["right"], 1.0);
}

TEST_F(Commands, cells_of_a_spreadsheet_are_no_formulas_where_that_is_asked_for) {
  {
    Store store(file, Store::Mode::write);
    auto more = small({"=HYPERLINK(1)"}, {"room"}, 1);
    more.experiment.name = "more";
    record(store, more);
    run_cell(store, more.cells[0].key, ok_run());
  }
  EXPECT_THAT(run(export_command, {"more"}), HasSubstr(",=HYPERLINK(1),"));
  EXPECT_THAT(run(export_command, {"more", "--spreadsheet"}), HasSubstr(",'=HYPERLINK(1),"));
  EXPECT_THAT(usage_of(export_command, {"more", "--spreadsheet", "--format", "json"}),
              HasSubstr("--format csv"));
}

TEST_F(Commands, status_tells_what_cannot_run_and_what_trains) {
  {
    Store store(file, Store::Mode::write);
    auto more = small({"mimi", "htsat"}, {"qa"}, 2);
    more.experiment.name = "more";
    for (const std::size_t i : {2, 3}) {
      more.cells[i].key.clear();
      more.cells[i].skipped = "weights missing: htsat.ckpt";
    }
    record(store, more);
    const std::vector<CurveRow> points{{"loss", 50, std::numeric_limits<double>::quiet_NaN()}};
    store.record_curves(*store.begin_run(more.cells[0].key), points);
    const auto said = run(status_command, {"more"});
    EXPECT_THAT(said, AllOf(HasSubstr("htsat        2   0        0        0       0        2"),
                            HasSubstr("Skipped:"), HasSubstr("weights missing: htsat.ckpt"),
                            HasSubstr("Training:"), HasSubstr("nan")));
    EXPECT_THAT(run(query_command, {"curves", "curve=loss"}), HasSubstr("nan"));
    EXPECT_THAT(run(query_command, {"failures", "experiment=more"}), HasSubstr("skipped"));
  }
}

TEST_F(Commands, a_ready_made_query_knows_its_experiments) {
  EXPECT_THAT(usage_of(query_command, {"leaderboard", "experiment=ablatio"}),
              HasSubstr("did you mean 'ablation'"));
}

TEST_F(Commands, take_the_file_of_an_experiment_for_its_name) {
  const auto experiment = (folder / "x.toml").string();
  std::ofstream(experiment) << "[experiment]\nname = \"ablation\"\nkey = \"${NOT_SET}\"\n";
  EXPECT_EQ(run(status_command, {experiment}), run(status_command, {"ablation"}));
  EXPECT_EQ(run(export_command, {experiment}), run(export_command, {"ablation"}));
  EXPECT_EQ(run(experiments_command, {"list", experiment}),
            run(experiments_command, {"list", "ablation"}));
  EXPECT_EQ(run(query_command, {"leaderboard", "experiment=" + experiment}),
            run(query_command, {"leaderboard", "experiment=ablation"}));
  EXPECT_THAT(usage_of(status_command, {(folder / "none.toml").string()}),
              HasSubstr("cannot be read"));
}

TEST_F(Commands, that_need_what_the_file_says_refuse_a_name) {
  for (const auto* command : {&run_command, &plan_command, &rescore_command})
    EXPECT_THAT(usage_of(*command, {"ablation"}),
                HasSubstr("there is no file 'ablation'; '" + std::string(command->name) +
                          "' needs the file of an experiment (FILE.toml), not its name"));
}

TEST_F(Commands, ready_made_queries_keep_their_earlier_names) {
  EXPECT_EQ(run(query_command, {"origins"}), run(query_command, {"provenance"}));
  EXPECT_EQ(run(query_command, {"losses"}), run(query_command, {"dropped-items"}));
}

TEST_F(Commands, help_lists_every_command_once_in_a_group) {
  std::ostringstream text;
  auto* const before = std::cout.rdbuf(text.rdbuf());
  dispatch({"--help"});
  std::cout.rdbuf(before);
  for (const auto* command : commands()) {
    const auto line = "\n  " + std::string(command->name) + " ";
    const auto at = text.str().find(line);
    ASSERT_NE(at, std::string::npos) << command->name;
    EXPECT_EQ(text.str().find(line, at + 1), std::string::npos) << command->name;
  }
  EXPECT_THAT(text.str(),
              AllOf(HasSubstr("Run experiments\n  run "), HasSubstr("Keep house\n  experiments ")));
}

TEST_F(Commands, the_canonical_dump_depends_on_results_alone) {
  const auto here = run(export_command, {"ablation", "--canonical"});
  EXPECT_THAT(here, HasSubstr("\"category\" \"event\" \"accuracy\" 1 0x1.8p-1 - 2"));
  // The same results, in another order, after a failed attempt, under another name and label.
  auto other = plan;
  other.experiment.name = "again";
  std::reverse(other.cells.begin(), other.cells.end());
  other.cells[0].encoder = "renamed";
  {
    Store store(folder / "other.db", Store::Mode::write);
    record(store, other);
    for (const auto& cell : other.cells) {
      if (cell.key == plan.cells[10].key || cell.key == plan.cells[11].key) continue;
      RunRecord killed;
      killed.state = "killed";
      run_cell(store, cell.key, killed);
      run_cell(store, cell.key, ok_run(cell.encoder == "mimi" ? 0.75 : 0.5));
    }
  }
  EXPECT_EQ(output_of(export_command,
                      {"again", "--canonical", "--results", (folder / "other.db").string()}),
            here);
}

TEST_F(Commands, status_counts_cells_and_shows_what_failed) {
  EXPECT_EQ(run(status_command, {}),
            "experiment  cells  ok  running  pending  not_ok  skipped\n"
            "----------  -----  --  -------  -------  ------  -------\n"
            "ablation       12  10        0        1       1        0\n");
  EXPECT_THAT(run(status_command, {"ablation"}),
              AllOf(HasSubstr("mimi         6   4        0        1       1"),
                    HasSubstr("mimi: bad weights")));
  EXPECT_EQ(Json::parse(run(status_command, {"ablation", "--format", "json"}))[0]["ok"], 6);
}

TEST_F(Commands, status_shows_what_encoders_are_like_once_their_features_are_there) {
  EXPECT_THAT(run(status_command, {"ablation"}), Not(HasSubstr("effective_rank")));
  {
    Store store(file, Store::Mode::write);
    StageRecord stage;
    stage.key = "f1";
    stage.kind = "features";
    stage.state = "ok";
    stage.facts = {{"effective_rank", 7.25}, {"facts", {{"parameters", 79308864}}}};
    store.record_stage(stage);
    auto more = small({"other"}, {"room"}, 1);
    more.experiment.name = "more";
    record(store, more);
    auto done = ok_run();
    done.stages = {"f1"};
    run_cell(store, more.cells[0].key, done);
  }
  EXPECT_THAT(run(status_command, {"more"}),
              AllOf(HasSubstr("effective_rank"), HasSubstr("79308864"), HasSubstr("7.3")));
}

TEST_F(Commands, status_does_not_believe_runs_of_dead_processes) {
  {
    Store store(file, Store::Mode::write);
    record(store, plan);
    ASSERT_TRUE(store.begin_run(plan.cells[11].key).has_value());
    EXPECT_THAT(run(status_command, {}), HasSubstr("12  10        1        0       1"));
  }
  EXPECT_THAT(run(status_command, {}), HasSubstr("12  10        0        0       2"));
}

TEST_F(Commands, logs_finds_a_run_by_key_or_number) {
  const auto& key = plan.cells[10].key;
  EXPECT_THAT(run(logs_command, {key.substr(0, 12)}),
              AllOf(HasSubstr("attempt 1 of 1: failed"), HasSubstr("mimi: bad weights"),
                    HasSubstr("segmentation fault")));
  EXPECT_THAT(run(logs_command, {"11"}), HasSubstr("segmentation fault"));
  EXPECT_THAT(run(logs_command, {"1"}), HasSubstr("it left no log"));
  EXPECT_THAT(usage_of(logs_command, {key, "--attempt", "2"}), HasSubstr("has no attempt 2"));
  EXPECT_THAT(usage_of(logs_command, {"99"}), HasSubstr("no run '99'"));
  EXPECT_THAT(usage_of(logs_command, {"ffffffffffff"}), HasSubstr("no run 'ffffffffffff'"));
}

TEST_F(Commands, repro_finds_a_run_as_logs_does) {
  const auto& key = plan.cells[10].key;
  for (const auto& wanted : {key.substr(0, 12), std::string("11")})
    EXPECT_THAT(run(repro_command, {wanted}),
                AllOf(HasSubstr("run      11, attempt 1, failed"), HasSubstr("cell     " + key)));
  EXPECT_THAT(usage_of(repro_command, {"99"}), HasSubstr("no run '99'"));
  EXPECT_THAT(usage_of(repro_command, {}), HasSubstr("missing"));
}

TEST_F(Commands, logs_and_repro_refuse_a_key_that_several_cells_begin_with) {
  auto twins = small({"htsat"}, {"room"}, 2);
  twins.experiment.name = "twins";
  {
    Store store(file, Store::Mode::write);
    for (auto& cell : twins.cells)
      cell.key = "abcdef" + key_of("twin " + std::to_string(cell.seed)).substr(6);
    record(store, twins);
    for (const auto& cell : twins.cells)
      run_cell(store, cell.key, ok_run());
  }
  for (const auto& command : {logs_command, repro_command}) {
    EXPECT_THAT(usage_of(command, {"abcdef"}), HasSubstr("several cells begin with 'abcdef'"));
    EXPECT_THAT(output_of(command, {twins.cells[1].key, "--results", file.string()}),
                HasSubstr("run"));
  }
}

TEST_F(Commands, db_checks_and_copies) {
  EXPECT_THAT(run(db_command, {"check"}), AllOf(HasSubstr("schema 3"), HasSubstr("run         11"),
                                                HasSubstr("no problems found")));
  const auto copy = (folder / "copy.db").string();
  run(db_command, {"backup", copy});
  EXPECT_THAT(output_of(db_command, {"check", "--results", copy}), HasSubstr("no problems found"));
  EXPECT_THAT(usage_of(db_command, {"backup", copy}), HasSubstr("already exists"));
  EXPECT_THAT(usage_of(db_command, {"chek"}), HasSubstr("did you mean 'check'"));
  EXPECT_THAT(failure_of([&] {
                output_of(db_command, {"check", "--results", (folder / "none.db").string()});
              }),
              HasSubstr("there is no such results file"));
}

TEST_F(Commands, db_check_finds_a_number_that_has_changed) {
  {
    Store store(file, Store::Mode::write);
    Statement(connection_of(store), "UPDATE prediction SET mark = 1 - mark WHERE run_id = 3").run();
  }
  EXPECT_THAT(failure_of([&] { run(db_command, {"check"}); }), HasSubstr("has 1 problem"));
}

TEST_F(Commands, db_check_finds_rows_that_refer_to_nothing) {
  {
    Store store(file, Store::Mode::write);
    Statement(connection_of(store), "PRAGMA foreign_keys = OFF").run();
    Statement(connection_of(store), "DELETE FROM slice WHERE name = 'event'").run();
  }
  EXPECT_THAT(failure_of([&] { run(db_command, {"check"}); }), HasSubstr("has 10 problems"));
}

}  // namespace
}  // namespace earshot::host
