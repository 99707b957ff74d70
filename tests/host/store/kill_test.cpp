#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

/// What a runner does with a results file, from the first to the last cell; done ones are left.
void work(const fs::path& file, const Small& plan) {
  Store store(file, Store::Mode::write);
  store.mark_lost_runs();
  record(store, plan);
  const auto dataset = plan.datasets[0].key;
  if (!store.has_items(dataset)) {
    Json items = Json::array();
    for (int i = 0; i < 6; ++i) {
      items.push_back({std::to_string(i), Json::object(), Json::object(), Json::object()});
    }
    store.add_items(dataset, items);
  }
  StageRecord stage;
  stage.key = "features";
  stage.kind = "features";
  stage.state = "ok";
  store.record_stage(stage);
  for (const auto& cell : plan.cells) {
    const auto id = store.begin_run(cell.key);
    if (!id) continue;
    auto run = ok_run(0.1 * static_cast<double>(cell.seed), 0.5);
    run.stages = {"features"};
    store.finish_run(*id, run);
  }
}

/// The complete results, without attempts and clocks.
std::vector<std::vector<Json>> dump(const fs::path& file) {
  const Store store(file, Store::Mode::read);
  auto all = rows(store,
                  "SELECT c.key, v.metric_id, s.name, printf('%!.17g', v.value) FROM cell c "
                  "JOIN run r ON r.cell_id = c.cell_id AND r.state = 'ok' JOIN metric v USING "
                  "(run_id) JOIN slice s USING (slice_id) ORDER BY 1, 2, 3");
  for (auto& row : rows(store,
                        "SELECT c.key, p.item, p.value, p.mark FROM cell c JOIN run r ON r.cell_id "
                        "= c.cell_id AND r.state = 'ok' JOIN prediction p USING (run_id) "
                        "ORDER BY 1, 2")) {
    all.push_back(std::move(row));
  }
  for (auto& row : rows(store, "SELECT position, id FROM item"))
    all.push_back(std::move(row));
  return all;
}

void expect_no_half_run(const fs::path& file) {
  const Store store(file, Store::Mode::read);
  EXPECT_EQ(connection_of(store).text("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(count(store,
                  "run r WHERE state = 'ok' AND ((SELECT count(*) FROM metric m WHERE "
                  "m.run_id = r.run_id) <> 3 OR (SELECT count(*) FROM prediction p WHERE "
                  "p.run_id = r.run_id) <> 4)"),
            0);
  EXPECT_EQ(count(store, "metric WHERE run_id NOT IN (SELECT run_id FROM run WHERE state = 'ok')"),
            0);
}

/// The folder of this test. A death test runs in a new process, which finds it by the environment.
class Killed : public ::testing::Test {
 protected:
  Killed() {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    if (const char* name = getenv("EARSHOT_KILL_TEST_FOLDER")) {
      path = name;
      return;
    }
    folder = std::make_unique<TemporaryFolder>();
    path = *folder / "";
    setenv("EARSHOT_KILL_TEST_FOLDER", path.c_str(), 1);
  }
  ~Killed() override {
    if (folder) unsetenv("EARSHOT_KILL_TEST_FOLDER");
    unsetenv("EARSHOT_FAULT");
  }

  std::unique_ptr<TemporaryFolder> folder;
  fs::path path;
};

TEST_F(Killed, at_every_commit_point_the_same_work_ends_with_the_same_results) {
  const auto plan = small({"a", "b"}, {"room"}, 2);
  if (folder) work(path / "undisturbed.db", plan);
  for (const std::string point :
       {"store.migrate:1", "store.record_plan.before:1", "store.record_plan.after:1",
        "store.begin_run.before:1", "store.begin_run.after:2", "store.finish_run.before:1",
        "store.finish_run.before:3", "store.finish_run.after:2", "store.record_stage.before:1",
        "store.record_stage.after:1", "store.add_items.before:1", "store.add_items.after:1"}) {
    const auto file = path / (point + ".db");
    if (folder) setenv("EARSHOT_FAULT", point.c_str(), 1);
    EXPECT_EXIT(work(file, plan), ::testing::KilledBySignal(SIGKILL), "") << point;
    work(file, plan);
    expect_no_half_run(file);
    EXPECT_EQ(dump(file), dump(path / "undisturbed.db")) << point;
    EXPECT_EQ(count(Store(file, Store::Mode::read), "run WHERE state = 'ok'"), 4) << point;
  }
}

TEST(Killing, at_random_moments_leaves_whole_runs_only) {
  const TemporaryFolder folder;
  const auto plan = small({"a", "b", "c", "d"}, {"room", "quality"}, 25);
  work(folder / "undisturbed.db", plan);
  const auto expected = dump(folder / "undisturbed.db");
  std::uint32_t random = 12345;  // a linear congruential generator is random enough for this
  const auto file = folder / "results.db";
  int killed = 0;
  for (int round = 0; round < 15; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      work(file, plan);
      _exit(0);
    }
    random = random * 1664525U + 1013904223U;
    usleep(2000 + random % 30'000);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    killed += WIFSIGNALED(status) ? 1 : 0;
    try {
      expect_no_half_run(file);
    } catch (const Failure& early) {
      EXPECT_THAT(early.what(), ::testing::AnyOf(::testing::HasSubstr("has schema 0"),
                                                 ::testing::HasSubstr("there is no such")));
    }
  }
  EXPECT_GT(killed, 3);
  work(file, plan);
  EXPECT_EQ(dump(file), expected);
}

}  // namespace
}  // namespace earshot::host
