#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <lib/learn/schedule.hpp>

#include "training_case.hpp"

namespace {

using namespace earshot;
using kit::Schedule;

TEST(Schedule, rises_to_one_and_falls_to_zero) {
  const Schedule linear{.shape = Schedule::Shape::linear, .warm_up = 4, .steps = 12};
  EXPECT_EQ(linear.factor(0), 0);
  EXPECT_EQ(linear.factor(1), 0.25);
  EXPECT_EQ(linear.factor(4), 1);
  EXPECT_EQ(linear.factor(10), 0.25);
  EXPECT_EQ(linear.factor(12), 0);
  EXPECT_EQ(linear.factor(99), 0);
  const Schedule cosine{.shape = Schedule::Shape::cosine, .warm_up = 4, .steps = 12};
  EXPECT_NEAR(cosine.factor(8), 0.5, 1e-15);
  EXPECT_EQ(cosine.factor(12), 0);
  EXPECT_EQ(Schedule{}.factor(1000), 1);
}

TEST(Schedule, rises_from_a_start_and_stays_at_a_floor) {
  for (const auto shape : {Schedule::Shape::linear, Schedule::Shape::cosine}) {
    const Schedule schedule{.shape = shape, .warm_up = 4, .steps = 12, .start = 0.5, .floor = 0.25};
    EXPECT_EQ(schedule.factor(0), 0.5);
    EXPECT_EQ(schedule.factor(2), 0.75);
    EXPECT_EQ(schedule.factor(4), 1);
    EXPECT_NEAR(schedule.factor(8), 0.625, 1e-15);
    EXPECT_EQ(schedule.factor(12), 0.25);
    EXPECT_EQ(schedule.factor(99), 0.25);
  }
}

// transformers: get_inverse_sqrt_schedule, whose default timescale is the warm-up, or 10,000.
TEST(Schedule, falls_with_the_root_of_the_step) {
  const Schedule schedule{.shape = Schedule::Shape::inverse_root, .warm_up = 100};
  EXPECT_EQ(schedule.factor(50), 0.5);
  EXPECT_EQ(schedule.factor(100), 1);
  EXPECT_NEAR(schedule.factor(400), 0.5, 1e-15);
  const Schedule without{.shape = Schedule::Shape::inverse_root};
  EXPECT_EQ(without.factor(0), 1);
  EXPECT_NEAR(without.factor(30000), 0.5, 1e-15);
}

TEST(Schedule, takes_its_settings_from_options) {
  const Options options(Schedule::options(), {{"schedule", std::string("cosine")},
                                              {"warm_up", std::int64_t{10}},
                                              {"warm_up_from", 0.1},
                                              {"floor", 0.5}});
  const auto schedule = Schedule::from(options, 30);
  EXPECT_EQ(schedule.factor(0), 0.1);
  EXPECT_NEAR(schedule.factor(20), 0.75, 1e-15);
  EXPECT_EQ(schedule.factor(30), 0.5);
}

class ScheduleFixture : public earshot::testing::TrainingCase {
 protected:
  ScheduleFixture() : TrainingCase("bsq_schedule") {}

  Schedule schedule(const std::string& name) const {
    const auto config = json("config.json").at(name);
    EXPECT_EQ(config.at("lr_max").get<double>(), 1);
    return {.shape = Schedule::Shape::cosine,
            .warm_up = config.at("warm_up_steps").get<std::int64_t>(),
            .steps = config.at("max_decay_steps").get<std::int64_t>(),
            .start = config.at("lr_start").get<double>(),
            .floor = config.at("lr_min").get<double>()};
  }
};

TEST_F(ScheduleFixture, is_followed_at_every_step) {
  const auto public_one = schedule("public"), short_one = schedule("short");
  std::vector<double> factors, shorts;
  const auto steps = golden("in/steps");
  for (std::int64_t i = 0; i < steps.numel(); ++i)
    factors.push_back(public_one.factor(steps[i].item<std::int64_t>()));
  for (std::int64_t step = 0; step < 16; ++step)
    shorts.push_back(short_one.factor(step));
  const auto multiplier = at::tensor(factors, at::kDouble);
  expect_near("out/public_multiplier", multiplier);
  expect_near("out/short_multiplier_0_to_15", at::tensor(shorts, at::kDouble));
  const auto base = json("config.json").at("base_lr").get<double>();
  expect_near("out/public_lr_batch32_world1", multiplier * (base * 32));
}

}  // namespace
