#include "host/schedule/requests.hpp"

#include <gtest/gtest.h>

#include "small_plan.hpp"

namespace earshot::host {
namespace {

TEST(Requests, keep_made_audio_where_another_pass_reads_the_dataset_too) {
  SmallPlan small;
  small.add("log_mel", "room");
  small.add("mfcc", "room");
  const auto keeps = [&] {
    const auto jobs = build_jobs(small.plan, {"data-scenes"});
    return std::get<protocol::FeaturesRequest>(request_of(jobs.front(), small.plan, {}, 1))
        .keep_made_audio;
  };
  EXPECT_FALSE(keeps()) << "both encoders read it in one pass";
  small.plan.cells.front().decision = Decision::cached;
  EXPECT_TRUE(keeps()) << "log_mel has read it in an earlier run";
}

TEST(Requests, keep_no_made_audio_for_encoders_that_read_others) {
  SmallPlan small;
  small.add("log_mel", "room");
  small.add_reader("units", {"log_mel"}, "room");
  const auto jobs = build_jobs(small.plan, {"data-scenes"});
  const auto asked = [&](std::size_t job) {
    return std::get<protocol::FeaturesRequest>(request_of(jobs.at(job), small.plan, {}, 1));
  };
  EXPECT_FALSE(asked(0).keep_made_audio);
  EXPECT_EQ(asked(1).sources.at(0).from.at(0).key, "source-log_mel");
}

TEST(Requests, hold_what_the_command_line_decides_along_with_what_the_plan_says) {
  SmallPlan small;
  small.plan.experiment.resources.device = "cuda";
  small.add("log_mel", "room", 3);
  RunSettings settings;
  settings.results = "/r/results.db";
  settings.cache = "/c";
  const auto jobs = build_jobs(small.plan, {"data-scenes"});
  const auto features =
      std::get<protocol::FeaturesRequest>(request_of(jobs[0], small.plan, settings, 8));
  EXPECT_EQ(features.threads, 8);
  EXPECT_EQ(features.cache, "/c");
  const auto cell = std::get<protocol::CellRequest>(request_of(jobs[1], small.plan, settings, 1));
  EXPECT_EQ(cell.seed, 3);
  EXPECT_EQ(cell.device, "cuda");
  EXPECT_EQ(cell.state_folder, "/r/state");
}

}  // namespace
}  // namespace earshot::host
