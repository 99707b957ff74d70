#include "exported.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Mteb : public Exported {
 protected:
  Json read(const std::string& file) { return Json::parse(earshot::testing::text_of(out / file)); }
};

TEST_F(Mteb, has_a_result_for_each_model_and_task_over_its_runs) {
  const auto remarks = write(export_to_mteb, "ablation");
  ASSERT_EQ(files().size(), 2U);
  EXPECT_THAT(files()[1], AllOf(StartsWith("results/earshot__htsat/"), EndsWith("/room.json")));
  const auto result = read(files()[1]);
  EXPECT_EQ(result["task_name"], "room");
  EXPECT_EQ(result["dataset_revision"], key_of("scenes"));
  EXPECT_EQ(result["mteb_version"], Json());
  EXPECT_EQ(result["evaluation_time"], 4.0);
  EXPECT_GT(result["date"].get<double>(), 1.6e9) << "seconds since 1970";
  ASSERT_EQ(result["scores"]["test"].size(), 1U) << "a slice would enter mteb's mean over subsets";
  const auto& scores = result["scores"]["test"][0];
  EXPECT_EQ(scores["hf_subset"], "default");
  EXPECT_EQ(scores["languages"], Json({"und-Zxxx"}));
  EXPECT_EQ(scores["main_score"], 0.625);
  EXPECT_EQ(scores["accuracy"], 0.625);
  EXPECT_EQ(scores["main_metric"], "accuracy");
  EXPECT_EQ(scores["higher_is_better"], true);
  EXPECT_EQ(scores["runs"], 2);
  EXPECT_EQ(scores["runs_planned"], 3);
  const auto& each = scores["scores_per_experiment"];
  ASSERT_EQ(each.size(), 2U);
  EXPECT_EQ(each[1]["seed"], 1);
  EXPECT_EQ(each[1]["main_score"], 0.75);
  EXPECT_EQ(each[1]["n"], 4);
  EXPECT_THAT(remarks, ElementsAre(StartsWith("2 results left out: no run"),
                                   HasSubstr("over fewer runs than planned")));
}

TEST_F(Mteb, says_of_a_model_what_is_known_and_null_otherwise) {
  write(export_to_mteb, "ablation");
  const auto meta = read(files()[0]);
  EXPECT_THAT(files()[0], EndsWith("/model_meta.json"));
  EXPECT_EQ(meta["name"], "earshot/htsat") << "mteb wants a slash";
  EXPECT_EQ(meta["revision"].get<std::string>().size(), 40U);
  EXPECT_THAT(files()[0], HasSubstr('/' + meta["revision"].get<std::string>() + '/'));
  EXPECT_EQ(meta["training_datasets"], Json({"audioset"}));
  EXPECT_TRUE(meta.contains("license") && meta["license"].is_null());
  EXPECT_TRUE(meta.contains("n_parameters") && meta["n_parameters"].is_null());
}

TEST_F(Mteb, revisions_differ_where_encoders_differ_and_not_with_seeds) {
  auto other = small({"htsat", "mimi"}, {"room"}, 2);
  other.experiment.name = "other";
  for (auto& cell : other.cells) {
    cell.identity["encoder"] = {{"component", "a/b"}, {"options", {{"levels", cell.encoder}}}};
    cell.key = protocol::sha256(cell.identity);
  }
  record(store, other);
  for (const auto& cell : other.cells)
    run_cell(store, cell.key, ok_run());
  write(export_to_mteb, "other");
  const auto names = files();
  ASSERT_EQ(names.size(), 4U);
  EXPECT_NE(read(names[0])["revision"], read(names[2])["revision"]);
}

TEST_F(Mteb, names_stay_different_and_inside_the_folder_whatever_they_contain) {
  const std::string hostile = "../../<script>\x1b[31m";
  auto more = small({hostile, "a b", "a_b", std::string(10'000, 'x')},
                    {"room", "model_meta", "/etc/passwd"}, 1);
  more.experiment.name = "more";
  record(store, more);
  for (const auto& cell : more.cells)
    run_cell(store, cell.key, ok_run());
  write(export_to_mteb, "more");
  const auto names = files();
  EXPECT_EQ(names.size(), 4U * (3 + 1)) << "everything is below the folder";
  std::set<std::string> models, tasks;
  for (const auto& name : names) {
    EXPECT_EQ(name.find('<'), name.npos) << name;
    const auto content = read(name);
    if (content.contains("name"))
      models.insert(content["name"].get<std::string>());
    else
      tasks.insert(content["task_name"].get<std::string>());
  }
  EXPECT_EQ(models.size(), 4U);
  EXPECT_THAT(models, ::testing::Contains(hostile)) << "names themselves are kept";
  EXPECT_THAT(tasks, ElementsAre("/etc/passwd", "model_meta", "room"));
}

TEST_F(Mteb, a_score_of_which_lower_is_better_is_told_and_one_that_is_not_finite_left_out) {
  auto more = small({"mimi"}, {"depth", "level"}, 1);
  more.experiment.name = "more";
  record(store, more);
  auto lower = ok_run();
  lower.metric_specs[0].higher_is_better = false;
  run_cell(store, more.cells[0].key, lower);
  auto diverged = ok_run();
  diverged.metrics[0].first.value = Json();
  diverged.metrics[0].first.nonfinite = "nan";
  run_cell(store, more.cells[1].key, diverged);
  EXPECT_THAT(write(export_to_mteb, "more"),
              ElementsAre(StartsWith("1 result left out"), HasSubstr("lower is better")));
  EXPECT_EQ(files().size(), 2U);
}

TEST_F(Mteb, a_task_on_several_datasets_has_a_result_for_each) {
  auto more = small({"mimi"}, {"event"}, 1);
  more.experiment.name = "more";
  more.cells.push_back(cell_of("mimi", "event", 1));
  more.cells[1].dataset = "street";
  more.cells[1].dataset_key = key_of("street");
  more.datasets.push_back(more.datasets[0]);
  more.datasets[1].key = key_of("street");
  more.datasets[1].label = "street";
  record(store, more);
  for (const auto& cell : more.cells)
    run_cell(store, cell.key, ok_run());
  write(export_to_mteb, "more");
  std::map<std::string, std::string> revisions;
  for (const auto& name : files())
    if (const auto content = read(name); content.contains("task_name"))
      revisions[content["task_name"].get<std::string>()] =
          content["dataset_revision"].get<std::string>();
  EXPECT_EQ(revisions, (std::map<std::string, std::string>{{"event-scenes", key_of("scenes")},
                                                           {"event-street", key_of("street")}}));
}

}  // namespace
}  // namespace earshot::host
