#include "fixture.hpp"

namespace earshot::host {
namespace {

using ::testing::HasSubstr;

/// Experiment `ablation` of two revisions and, of the same cells of mimi, experiment `other`.
class Experiments : public ::testing::Test {
 protected:
  Experiments() {
    const auto narrow = small({"htsat"});
    record(store, narrow);
    record(store, both);
    other.experiment.name = "other";
    record(store, other);
    for (const auto& cell : both.cells)
      run_cell(store, cell.key, ok_run());
  }

  TemporaryFolder folder;
  std::filesystem::path file = folder / "results.db";
  Store store{file, Store::Mode::write};
  Small both = small(), other = small({"mimi"});
};

TEST_F(Experiments, are_renamed_with_all_their_revisions) {
  store.rename_experiment("ablation", "first");
  EXPECT_FALSE(store.experiment("ablation"));
  EXPECT_EQ(count(store, "experiment WHERE name = 'first'"), 2);
  EXPECT_EQ(count(store, "leaderboard WHERE experiment = 'first'"), 4);
  EXPECT_THAT(failure_of([&] { store.rename_experiment("first", "other"); }, ExitCode::usage),
              HasSubstr("already has an experiment 'other'"));
  EXPECT_THAT(failure_of([&] { store.rename_experiment("fist", "x"); }, ExitCode::usage),
              HasSubstr("did you mean 'first'?"));
}

TEST_F(Experiments, are_removed_with_the_cells_that_no_other_has) {
  const auto removed = store.remove_experiment("ablation");
  EXPECT_EQ(removed.revisions, 2);
  EXPECT_EQ(removed.cells, 6);
  EXPECT_EQ(removed.runs, 6);
  EXPECT_EQ(removed.shared, 6);
  EXPECT_EQ(count(store, "cell_state"), 6);
  EXPECT_EQ(count(store, "cell_state WHERE experiment = 'other' AND state = 'ok'"), 6);
  EXPECT_EQ(count(store, "cell"), 6);
  EXPECT_EQ(count(store, "prediction"), 24);
  EXPECT_EQ(count(store, "dataset"), 1);
  const auto last = store.remove_experiment("other");
  EXPECT_EQ(last.cells, 6);
  EXPECT_EQ(last.shared, 0);
  for (const char* table : {"cell", "run", "metric", "prediction", "dataset", "item", "cell_axis"})
    EXPECT_EQ(count(store, table), 0) << table;
  EXPECT_EQ(connection_of(store).text("PRAGMA foreign_key_check"), "");
}

TEST_F(Experiments, are_removed_with_cells_that_cannot_run) {
  auto third = small({"codec"}, {"room"}, 2);
  third.experiment.name = "third";
  third.cells[1].key.clear();
  third.cells[1].skipped = "weights missing";
  record(store, third);
  EXPECT_EQ(store.remove_experiment("third").cells, 1);
  EXPECT_FALSE(store.experiment("third"));
}

TEST_F(Experiments, can_be_recorded_again_after_they_were_removed) {
  store.remove_experiment("ablation");
  record(store, both);
  EXPECT_EQ(count(store, "cell_state WHERE experiment = 'ablation' AND state = 'ok'"), 6);
  EXPECT_EQ(count(store, "cell_state WHERE experiment = 'ablation' AND state = 'pending'"), 6);
}

TEST_F(Experiments, that_run_are_not_removed) {
  auto third = small({"codec"});
  third.experiment.name = "third";
  record(store, third);
  ASSERT_TRUE(store.begin_run(third.cells[0].key));
  EXPECT_THAT(failure_of([&] { store.remove_experiment("third"); }, ExitCode::usage),
              HasSubstr("is running"));
  EXPECT_EQ(count(store, "cell_state WHERE experiment = 'third'"), 6);
}

}  // namespace
}  // namespace earshot::host
