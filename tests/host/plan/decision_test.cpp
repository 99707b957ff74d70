#include <gmock/gmock.h>

#include "host/store/store.hpp"
#include "support.hpp"

namespace earshot::host {
namespace {

using ::testing::StartsWith;

constexpr auto two_encoders = "encoder = ['mel', 'codec']\ntask = ['probe']\n";

/// Records a plan as a run does, and lets each of its cells end in `state`.
void run(Store& store, const Plan& plan, const std::string& state) {
  for (const auto& cell : record(store, plan)) {
    RunRecord ended;
    ended.state = state;
    if (state != "ok") ended.error = "no memory\nand more";
    store.finish_run(*store.begin_run(cell.key), ended);
  }
}

TEST(Decision, is_cached_for_what_is_done) {
  World world;
  Store store(world.folder / "results.db", Store::Mode::write);
  run(store, world.plan(two_encoders, {}, &store), "ok");
  for (const auto& cell : world.plan(two_encoders, {}, &store).cells) {
    EXPECT_EQ(cell.decision, Decision::cached);
    EXPECT_EQ(cell.reason, "done");
  }
}

TEST(Decision, is_run_for_a_new_value_of_an_axis_only) {
  World world;
  Store store(world.folder / "results.db", Store::Mode::write);
  run(store, world.plan(two_encoders, {}, &store), "ok");
  const auto plan = world.plan(std::string(two_encoders) + "seed = [0, 1]\n", {}, &store);
  EXPECT_EQ(plan.cells[0].decision, Decision::cached);
  EXPECT_EQ(plan.cells[1].decision, Decision::run);
  EXPECT_EQ(plan.cells[1].reason, "new");
}

TEST(Decision, is_run_for_what_failed_and_says_how) {
  World world;
  Store store(world.folder / "results.db", Store::Mode::write);
  run(store, world.plan(two_encoders, {}, &store), "failed");
  const auto plan = world.plan(two_encoders, {}, &store);
  EXPECT_EQ(plan.cells[0].decision, Decision::run);
  EXPECT_EQ(plan.cells[0].reason, "failed before: no memory");
}

TEST(Decision, is_run_for_what_changed_and_says_what) {
  World world;
  Store store(world.folder / "results.db", Store::Mode::write);
  run(store, world.plan(two_encoders, {}, &store), "ok");
  world.folder.write("plugins/mel.so", "another build");
  const auto plan = world.plan(two_encoders, {}, &store);
  EXPECT_EQ(plan.cells[0].decision, Decision::run);
  EXPECT_THAT(plan.cells[0].reason, StartsWith("mel.so changed ("));
  EXPECT_EQ(plan.cells[1].decision, Decision::cached);
}

}  // namespace
}  // namespace earshot::host
