#include "host/schedule/jobs.hpp"

#include <gmock/gmock.h>

#include "host/base/process_tree.hpp"
#include "host/schedule/requests.hpp"
#include "small_plan.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

std::vector<std::string> names(const Jobs& jobs) {
  std::vector<std::string> out;
  for (const auto& job : jobs)
    out.push_back(job.name);
  return out;
}

TEST(Jobs, share_one_pass_over_the_audio_of_a_dataset) {
  SmallPlan small;
  small.add("log_mel", "room");
  small.add("mfcc", "room");
  small.add("log_mel", "noise");
  EXPECT_THAT(names(build_jobs(small.plan, {})),
              ElementsAre("items of scenes", "features of scenes: log_mel, mfcc", "log_mel/room/s0",
                          "mfcc/room/s0", "log_mel/noise/s0"));
}

TEST(Jobs, of_two_datasets_have_a_pass_each) {
  SmallPlan small;
  small.add("log_mel", "room", 0, "a");
  small.add("log_mel", "room", 0, "b");
  const auto jobs = build_jobs(small.plan, {"data-a", "data-b"});
  EXPECT_THAT(names(jobs), ElementsAre("features of a: log_mel", "features of b: log_mel",
                                       ::testing::_, ::testing::_));
  EXPECT_THAT(jobs[0].dependants, ElementsAre(2));
  EXPECT_THAT(jobs[1].dependants, ElementsAre(3));
}

TEST(Jobs, of_different_folds_share_the_features) {
  SmallPlan small;
  for (std::int64_t seed : {0, 1}) {
    auto& cell = small.add("log_mel", "room", seed);
    auto dataset = *cell.dataset;
    dataset.fold = seed + 1;
    cell.dataset = std::make_shared<const protocol::DatasetRef>(dataset);
  }
  const auto jobs = build_jobs(small.plan, {"data-scenes"});
  EXPECT_EQ(jobs.size(), 3u);
}

TEST(Jobs, are_only_of_cells_that_are_to_run) {
  SmallPlan small;
  small.add("log_mel", "room").decision = Decision::cached;
  small.add("mfcc", "room").decision = Decision::excluded;
  EXPECT_TRUE(build_jobs(small.plan, {}).empty());
}

TEST(Jobs, wait_for_the_item_table_only_where_the_store_lacks_it) {
  SmallPlan small;
  small.add("", "room");
  EXPECT_EQ(build_jobs(small.plan, {}).back().waits_for, 1);
  EXPECT_EQ(build_jobs(small.plan, {"data-scenes"}).back().waits_for, 0);
}

TEST(Jobs, are_wide_where_a_language_model_or_an_encoder_computes) {
  SmallPlan small;
  small.add("log_mel", "room");
  small.add("log_mel", "reasoning").language_model =
      std::make_shared<const protocol::ComponentRef>(protocol::ComponentRef{"llama.so"});
  const auto jobs = build_jobs(small.plan, {"data-scenes"});
  EXPECT_TRUE(jobs[0].wide);
  EXPECT_FALSE(jobs[1].wide);
  EXPECT_TRUE(jobs[2].wide);
}

TEST(Jobs, of_one_thread_each_run_beside_each_other) {
  SmallPlan small;
  small.plan.experiment.resources.threads = 1;
  small.add("log_mel", "reasoning").language_model =
      std::make_shared<const protocol::ComponentRef>(protocol::ComponentRef{"llama.so"});
  for (const auto& job : build_jobs(small.plan, {"data-scenes"}))
    EXPECT_FALSE(job.wide) << job.name;
}

TEST(Jobs, of_shared_work_get_the_most_generous_limits_of_their_cells) {
  SmallPlan small;
  small.plan.experiment.resources.timeout = 5;
  small.add("log_mel", "room").cell.resources.timeout = 9;
  small.add("log_mel", "noise");
  const auto jobs = build_jobs(small.plan, {"data-scenes"});
  EXPECT_EQ(jobs[0].timeout, 9);
  EXPECT_EQ(jobs[2].timeout, 5);
}

TEST(Jobs, may_use_most_of_the_memory_that_there_is_where_nobody_has_set_a_limit) {
  SmallPlan small;
  small.add("log_mel", "room");
  small.add("log_mel", "noise").cell.resources.memory = std::int64_t{7} << 30;
  const auto jobs = build_jobs(small.plan, {});
  EXPECT_EQ(jobs[2].memory, default_memory_limit());
  EXPECT_EQ(jobs[3].memory, std::int64_t{7} << 30);
  EXPECT_GT(default_memory_limit(), std::int64_t{64} << 20);
  EXPECT_LT(default_memory_limit(), std::int64_t{1} << 60);
}

TEST(Jobs, of_several_encoders_are_taken_apart_with_their_cells) {
  SmallPlan small;
  small.add("log_mel", "room");
  small.add("mfcc", "room");
  auto jobs = build_jobs(small.plan, {"data-scenes"});
  const auto singles = split_features(jobs, 0, small.plan);
  ASSERT_EQ(singles.size(), 2u);
  EXPECT_TRUE(jobs[0].dependants.empty());
  EXPECT_EQ(jobs[singles[1]].name, "features of scenes: mfcc");
  EXPECT_THAT(jobs[singles[1]].dependants, ElementsAre(2));
}

/// Cells of units, which read mel, and of words, which read these and mfcc; of mel and mfcc none.
SmallPlan readers() {
  SmallPlan small;
  small.add("mel", "room").decision = Decision::cached;
  small.add("mfcc", "room").decision = Decision::cached;
  small.add_reader("units", {"mel"}, "room").decision = Decision::cached;
  small.add_reader("words", {"units", "mfcc"}, "room");
  return small;
}

TEST(Jobs, of_readers_come_after_those_that_they_read_which_are_done_for_them) {
  const auto small = readers();
  const auto jobs = build_jobs(small.plan, {"data-scenes"});
  EXPECT_THAT(names(jobs), ElementsAre("features of scenes: mel, mfcc", "features of scenes: units",
                                       "features of scenes: words", "words/room/s0"));
  EXPECT_THAT(jobs[0].dependants, ElementsAre(1, 2));
  EXPECT_THAT(jobs[1].dependants, ElementsAre(2));
  EXPECT_EQ(jobs[1].waits_for, 1);
  EXPECT_EQ(jobs[2].waits_for, 2);
  EXPECT_EQ(jobs[3].waits_for, 1);
  EXPECT_TRUE(jobs[2].wide);
}

TEST(Jobs, that_readers_read_are_taken_apart_with_each_reader_behind_its_own) {
  const auto small = readers();
  auto jobs = build_jobs(small.plan, {"data-scenes"});
  const auto singles = split_features(jobs, 0, small.plan);
  ASSERT_EQ(singles.size(), 2u);
  EXPECT_EQ(jobs[singles[0]].name, "features of scenes: mel");
  EXPECT_THAT(jobs[singles[0]].dependants, ElementsAre(1));
  EXPECT_THAT(jobs[singles[1]].dependants, ElementsAre(2));
}

TEST(Jobs, that_readers_read_may_use_what_the_cells_may) {
  auto small = readers();
  small.plan.experiment.resources.timeout = 5;
  small.plan.cells.back().cell.resources.timeout = 9;
  for (const auto& job : build_jobs(small.plan, {"data-scenes"}))
    EXPECT_EQ(job.timeout, 9) << job.name;
}

/// A cell of words, which are learnt from units, which are learnt from mel. The first two cells are
/// those of mel and mfcc.
SmallPlan trained_readers(Decision others = Decision::cached) {
  SmallPlan small;
  small.add("mel", "room").decision = others;
  small.add("mfcc", "room").decision = others;
  small.add_trained_reader("units", {"mel"}, "room").decision = Decision::cached;
  small.add_trained_reader("words", {"units"}, "room", {"units"});
  return small;
}

TEST(Jobs, train_a_reader_after_the_features_that_it_learns_from_and_before_its_own) {
  const auto small = trained_readers();
  const auto jobs = build_jobs(small.plan, {"data-scenes"});
  EXPECT_THAT(names(jobs),
              ElementsAre("features of scenes: mel", "pretraining of units on scenes",
                          "features of scenes: units", "pretraining of words on scenes",
                          "features of scenes: words", "words/room/s0"));
  EXPECT_THAT(jobs[0].dependants, ElementsAre(1, 2));
  EXPECT_THAT(jobs[1].dependants, ElementsAre(2, 5));
  EXPECT_THAT(jobs[2].dependants, ElementsAre(3, 4));
  EXPECT_THAT(jobs[3].dependants, ElementsAre(4, 5));
  std::vector<int> waits;
  for (const auto& job : jobs)
    waits.push_back(job.waits_for);
  EXPECT_THAT(waits, ElementsAre(0, 1, 2, 1, 2, 3));
  RunSettings settings;
  settings.cache = "/c";
  const auto request =
      std::get<protocol::PretrainRequest>(request_of(jobs[1], small.plan, settings, 8));
  EXPECT_EQ(request.from.at(0).key, "source-mel");
  EXPECT_EQ(request.cache, "/c");
}

TEST(Jobs, that_a_reader_learns_from_are_taken_apart_with_its_training_behind_its_own) {
  const auto small = trained_readers(Decision::run);
  auto jobs = build_jobs(small.plan, {"data-scenes"});
  ASSERT_EQ(jobs[0].name, "features of scenes: mel, mfcc");
  const auto singles = split_features(jobs, 0, small.plan);
  ASSERT_EQ(singles.size(), 2u);
  std::vector<std::string> behind;
  for (const auto dependant : jobs[singles[0]].dependants)
    behind.push_back(jobs[dependant].name);
  EXPECT_THAT(behind, UnorderedElementsAre("pretraining of units on scenes",
                                           "features of scenes: units", "mel/room/s0"));
}

TEST(Jobs, that_a_reader_learns_from_may_use_what_the_cells_may) {
  auto small = trained_readers();
  small.plan.experiment.resources.timeout = 5;
  small.plan.cells.back().cell.resources.timeout = 9;
  for (const auto& job : build_jobs(small.plan, {"data-scenes"}))
    EXPECT_EQ(job.timeout, 9) << job.name;
}

TEST(Jobs, of_cells_that_train_a_reader_wait_for_what_it_reads) {
  SmallPlan small;
  small.add("mel", "room").decision = Decision::cached;
  auto& cell = small.add("units", "learn");
  cell.sources = {small.plan.cells.front().features};
  cell.features.clear();
  const auto jobs = build_jobs(small.plan, {"data-scenes"});
  EXPECT_THAT(names(jobs), ElementsAre("features of scenes: mel", "units/learn/s0"));
  EXPECT_THAT(jobs[0].dependants, ElementsAre(1));
  EXPECT_EQ(jobs[1].waits_for, 1);
}

TEST(Jobs, train_an_encoder_once_before_all_that_uses_it) {
  SmallPlan small;
  small.add("log_mel", "room");
  small.add_pretrained("net", "room");
  small.add_pretrained("net", "noise");
  const auto jobs = build_jobs(small.plan, {"data-scenes"});
  EXPECT_THAT(names(jobs), ElementsAre("pretraining of net on scenes",
                                       "features of scenes: log_mel", "features of scenes: net",
                                       "log_mel/room/s0", "net/room/s0", "net/noise/s0"));
  EXPECT_TRUE(jobs[0].wide);
  EXPECT_THAT(jobs[0].dependants, ElementsAre(2, 4, 5));
  EXPECT_EQ(jobs[1].waits_for, 0);
  EXPECT_EQ(jobs[2].waits_for, 1);
  EXPECT_EQ(jobs[4].waits_for, 2);
  const auto request =
      std::get<protocol::PretrainRequest>(request_of(jobs[0], small.plan, RunSettings{}, 8));
  EXPECT_EQ(request.threads, 8);
}

}  // namespace
}  // namespace earshot::host
