#include "host/schedule/run_counts.hpp"

#include <gmock/gmock.h>

#include "scheduling.hpp"

namespace earshot::host {
namespace {

using Stages = std::map<Job::Kind, Estimate::Stages>;

/// What Estimate says of two cells of one task, of which each takes 10 s.
class EstimateTest : public Scheduling {
 protected:
  EstimateTest() {
    for (const std::int64_t seed : {0, 1})
      small.add("log_mel", "room", seed);
    estimate_.emplace(small.plan, store);
  }

  std::optional<Estimate> estimate_;
};

TEST_F(EstimateTest, is_unknown_before_a_cell_or_a_stage_has_shown_how_long_it_takes) {
  EXPECT_LT(estimate_->remaining(2, 2, {}, 1), 0);
  EXPECT_LT(estimate_->remaining(2, 2, {{Job::Kind::features, {.left = 1}}}, 1), 0);
}

TEST_F(EstimateTest, counts_cells_that_run_in_parallel) {
  estimate_->cell_took(small.plan.cells[0], 10);
  EXPECT_DOUBLE_EQ(estimate_->remaining(2, 1, {}, 1), 20);
  EXPECT_DOUBLE_EQ(estimate_->remaining(2, 2, {}, 1), 10);
}

// Regression: trainings were not counted, so that a run with hours of them was "about 0:00 left".
TEST_F(EstimateTest, adds_trainings_and_passes_by_what_one_of_them_took_or_is_projected_to_take) {
  estimate_->cell_took(small.plan.cells[0], 10);
  Stages stages{{Job::Kind::pretrain, {.left = 3, .running_seconds = 20, .projected = 100}},
                {Job::Kind::features, {.left = 2}}};
  EXPECT_LT(estimate_->remaining(2, 2, stages, 1), 0);
  estimate_->stage_took(Job::Kind::features, 30);
  EXPECT_DOUBLE_EQ(estimate_->remaining(2, 2, stages, 1), 10 + (300 - 20) + 60);
  EXPECT_DOUBLE_EQ(estimate_->remaining(2, 2, stages, 2), 10 + (300 - 20 + 60) / 2.0);
  estimate_->stage_took(Job::Kind::pretrain, 50);
  EXPECT_DOUBLE_EQ(estimate_->remaining(2, 2, stages, 1), 10 + (150 - 20) + 60);
  stages[Job::Kind::pretrain].left = 0;
  EXPECT_DOUBLE_EQ(estimate_->remaining(2, 2, stages, 1), 10 + 60);
}

}  // namespace
}  // namespace earshot::host
