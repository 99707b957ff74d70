#include "host/schedule/workspace.hpp"

#include <gmock/gmock.h>

#include "host/schedule/cache_use.hpp"
#include "host/store/run_lookup.hpp"
#include "small_plan.hpp"

namespace earshot::host {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

class Workspaces : public ::testing::Test {
 protected:
  Workspaces() {
    settings.planning.cache = folder / "cache";
    settings.running.results = folder / "results.db";
    settings.running.worker_prefix = {SCRIPTED_WORKER};
    settings.arguments = {"small.toml", "-j", "2"};
    setenv("SCRIPTED_WORKER_LOG", (folder / "events").c_str(), 1);
    small.add("log_mel", "room");
    small.add("mfcc", "room");
  }
  Workspace open(Store::Mode mode) const { return {small.plan.experiment, settings, mode}; }

  TemporaryFolder folder;
  SmallPlan small;
  WorkspaceSettings settings;
};

TEST_F(Workspaces, that_only_plan_make_no_results_file) {
  const auto workspace = open(Store::Mode::read);
  EXPECT_EQ(workspace.store(), nullptr);
  EXPECT_FALSE(std::filesystem::exists(folder / "results.db"));
}

TEST_F(Workspaces, mark_runs_of_dead_processes_as_lost_when_they_may_write) {
  const auto key = small.plan.cells.front().key;
  {
    Store store(folder / "results.db", Store::Mode::write);
    record(small.plan, store);
    ASSERT_TRUE(store.begin_run(key));
  }
  EXPECT_EQ(last_attempt(*open(Store::Mode::read).store(), key)->state, "running");
  EXPECT_EQ(last_attempt(*open(Store::Mode::write).store(), key)->state, "lost");
}

TEST_F(Workspaces, record_a_plan_run_its_cells_and_keep_where_the_results_come_from) {
  auto workspace = open(Store::Mode::write);
  const auto progress = make_progress("none", stderr);
  EXPECT_EQ(workspace.run(small.plan, *progress).ok, 2);
  const auto run = run_numbered(*workspace.store(), 1);
  ASSERT_TRUE(run);
  EXPECT_EQ(origin_of(*workspace.store(), run->cell, 1)->provenance.at("arguments"),
            Json(settings.arguments));
  small.decide(*workspace.store());
  const auto again = workspace.run(small.plan, *progress);
  EXPECT_EQ(again.cached, 2);
  EXPECT_EQ(again.attempts, 0);
}

/// Prunes the cache as soon as a cell has ended.
class PruningProgress : public Progress {
 public:
  explicit PruningProgress(std::filesystem::path cache) : cache_(std::move(cache)) {}
  void note(std::string_view) override {}
  void event(const Json& event) override {
    if (event.at("event") == "cell_finished") in_use = prune_cache(cache_, 0).in_use;
  }
  void tick(const ProgressState&) override {}
  void finish() override {}

  std::vector<std::string> in_use{};

 private:
  std::filesystem::path cache_;
};

TEST_F(Workspaces, keep_the_files_of_the_cache_that_their_cells_read) {
  const auto shard = folder / "cache/features/source-log_mel/0.shard";
  std::filesystem::create_directories(shard.parent_path());
  earshot::testing::write(shard, "features");
  auto workspace = open(Store::Mode::write);
  PruningProgress progress(folder / "cache");
  EXPECT_EQ(workspace.execute(small.plan, progress).ok, 2);
  EXPECT_THAT(progress.in_use, Contains("source-log_mel"));
  EXPECT_THAT(prune_cache(folder / "cache", 0).in_use, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(shard));
}

}  // namespace
}  // namespace earshot::host
