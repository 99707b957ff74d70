#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>

#include "commands.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

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

TEST_F(Commands, export_writes_files_of_other_programs_into_a_folder) {
  const auto out = (folder / "out").string();
  EXPECT_THAT(run(export_command, {"ablation", "--to", "mteb", "--out", out}),
              HasSubstr("wrote 6 files to " + out + "\n1 result over fewer runs"));
  EXPECT_THAT(usage_of(export_command, {"ablation", "--to", "mteb", "--out", out}),
              HasSubstr("already exists. Give another folder, or --force"));
  run(export_command, {"ablation", "--to", "mteb", "--out", out, "--force"});
  EXPECT_THAT(run(export_command, {"ablation", "--to", "trackio", "--out", out}),
              HasSubstr("wrote 1 file to " + out));
}

TEST_F(Commands, export_refuses_what_does_not_fit_a_program) {
  EXPECT_THAT(usage_of(export_command, {"ablation", "--to", "parket", "--out", "x"}),
              AllOf(HasSubstr("'parket' is not known; allowed are mteb, parquet, trackio"),
                    HasSubstr("did you mean 'parquet'?")));
  EXPECT_THAT(usage_of(export_command, {"ablation", "--to", "mteb"}), HasSubstr("--out FOLDER"));
  EXPECT_THAT(usage_of(export_command, {"ablation", "--out", "x"}), HasSubstr("requires --to"));
  EXPECT_THAT(
      usage_of(export_command, {"ablation", "--to", "mteb", "--out", "x", "--format", "json"}),
      HasSubstr("--format is for stdout"));
  EXPECT_THAT(usage_of(export_command, {"ablation", "--to", "mteb", "--out", "x", "--predictions"}),
              HasSubstr("--predictions is for stdout"));
}

}  // namespace
}  // namespace earshot::host
