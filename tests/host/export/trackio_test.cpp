#include <sqlite3.h>
#include <sys/wait.h>

#include "exported.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Trackio : public Exported {
 protected:
  std::vector<std::vector<Json>> read(const std::string& sql) {
    const auto file = (out / "ablation.db").string();
    const Connection connection(file, SQLITE_OPEN_READONLY, file);
    return rows(connection, sql);
  }
};

TEST_F(Trackio, shows_scores_and_training_curves_of_each_run) {
  EXPECT_THAT(write(export_to_trackio, "ablation"),
              ElementsAre(StartsWith("1 cell not ok"), StartsWith("4 cells left out")));
  EXPECT_THAT(files(), ElementsAre("ablation.db"));
  EXPECT_THAT(
      read("SELECT run_name, step, metrics FROM metrics ORDER BY id"),
      ElementsAre(ElementsAre("htsat, room, seed 0", 0,
                              R"({"accuracy":0.5,"category/event":0.75,"category/mood":0.25})"),
                  ElementsAre("htsat, room, seed 1", 1, R"({"training/loss":0.5})"),
                  ElementsAre("htsat, room, seed 1", 7, R"({"training/loss":"NaN"})"),
                  ElementsAre("htsat, room, seed 1", 7,
                              R"({"accuracy":0.75,"category/event":0.75,"category/mood":0.75})"),
                  ElementsAre("htsat, room, seed 2", 0, "{}")));
  EXPECT_THAT(read("SELECT count(DISTINCT run_id), min(length(run_id)), max(length(run_id)) "
                   "FROM configs"),
              ElementsAre(ElementsAre(3, 32, 32)));
  EXPECT_THAT(read("PRAGMA user_version"), ElementsAre(ElementsAre(2)));
  EXPECT_EQ(read("SELECT 1 FROM metrics WHERE timestamp NOT LIKE '20__-__-__T__:__:__.___+00:00'"),
            std::vector<std::vector<Json>>());
}

TEST_F(Trackio, says_what_a_run_was_and_why_it_failed) {
  write(export_to_trackio, "ablation");
  const auto configs = read("SELECT config FROM configs ORDER BY id");
  const auto first = Json::parse(configs[0][0].get<std::string>());
  EXPECT_EQ(first["encoder"], "htsat");
  EXPECT_EQ(first["_Group"], "room");
  EXPECT_EQ(first["cell_key"], plan.cells[0].key);
  EXPECT_EQ(first["pretrain_data"], Json({"audioset"}));
  EXPECT_EQ(Json::parse(configs[2][0].get<std::string>())["error"], "bad weights");
  EXPECT_THAT(read("SELECT run_name, title, text, level FROM alerts"),
              ElementsAre(ElementsAre("htsat, room, seed 2", "failed", "bad weights", "error")));
}

TEST_F(Trackio, the_same_results_give_the_same_rows) {
  write(export_to_trackio, "ablation");
  const auto before = read("SELECT * FROM metrics JOIN configs USING(run_id)");
  write(export_to_trackio, "ablation", true);
  EXPECT_EQ(read("SELECT * FROM metrics JOIN configs USING(run_id)"), before);
}

TEST_F(Trackio, a_project_that_trackio_has_not_closed_is_not_replaced) {
  write(export_to_trackio, "ablation");
  std::ofstream(out / "ablation.db-wal") << "rows";
  EXPECT_THAT(failure_of([&] { write(export_to_trackio, "ablation", true); }, ExitCode::usage),
              HasSubstr("is in use by trackio"));
}

TEST(TrackioProjects, have_names_that_trackio_accepts) {
  EXPECT_EQ(trackio_project("quick_start-2"), "quick_start-2");
  EXPECT_EQ(trackio_project("../a.b/\xC3\xBC"), "ab");
  EXPECT_EQ(trackio_project("<>"), "default");
  EXPECT_EQ(trackio_project("registry-x"), "experiment-registry-x");
  EXPECT_EQ(trackio_project("my_traces"), "my_traces-experiment");
}

TEST_F(Trackio, trackio_itself_reads_the_project) {
  write(export_to_trackio, "ablation");
  const auto command = "TRACKIO_DIR='" + out.string() +
                       "' python3 " EARSHOT_SOURCE_DIR
                       "/tests/host/export/read_with_trackio.py > '" +
                       (folder / "said").string() + "' 2>&1";
  const int status = std::system(command.c_str());
  const auto said = earshot::testing::text_of(folder / "said");
  if (WIFEXITED(status) && (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127))
    GTEST_SKIP() << said;
  EXPECT_EQ(status, 0) << said;
}

}  // namespace
}  // namespace earshot::host
