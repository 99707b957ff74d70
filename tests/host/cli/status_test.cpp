#include <limits>

#include <gmock/gmock.h>

#include "commands.hpp"

namespace earshot::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

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

}  // namespace
}  // namespace earshot::host
