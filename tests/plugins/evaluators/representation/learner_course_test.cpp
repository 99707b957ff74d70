#include "learner_course.hpp"

#include <functional>
#include <optional>

#include <gmock/gmock.h>

#include "tone_learner.hpp"

namespace {

using namespace earshot;
using representation::LearnerCourse;
using representation::Targets;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// A course of batches of 7 crops, one process's share of it.
class CourseTrial : public test::ToneTrial {
 public:
  explicit CourseTrial(const kit::Share& share, bool teacher = false)
      : targets_(*this, Objective::Goal::classes, "kind", true) {
    const at::NoGradGuard no_grad;
    auto objective = targets_.objective();
    if (teacher) objective.teacher = feature_spec();
    tone_learner().prepare(objective);
    tone_learner().train(true);
    course.emplace(*this, tone_learner(), targets_,
                   LearnerCourse::Settings{
                       .batch_size = 7, .teacher = teacher, .crop_seconds = 0.3, .samples = 0});
    course->share(share);
  }

  kit::LossSum learn(std::int64_t number) { return course->loss({.step = number}, number); }
  const LearnerBatch& last() { return tone_learner().batches.back(); }

  std::optional<LearnerCourse> course{};

 private:
  Targets targets_;
};

TEST(LearnerCourse, gives_processes_their_shares_of_the_crops_that_one_process_learns_from) {
  CourseTrial whole({}, true), first({0, 2}, true), second({1, 2}, true);
  for (const std::int64_t number : {0, 5}) {
    double examples = 0, weight = 0;
    for (auto* trial : {&first, &second}) {
      const auto loss = trial->learn(number);
      examples += static_cast<double>(loss.examples);
      weight += loss.weight;
    }
    EXPECT_EQ(whole.learn(number).examples, 7);
    EXPECT_EQ(examples, 7);
    EXPECT_EQ(weight, 7);
    const auto joined = [&](const auto& part) {
      return at::cat({part(first.last()), part(second.last())});
    };
    for (const auto& part : std::vector<std::function<at::Tensor(const LearnerBatch&)>>{
             [](const LearnerBatch& batch) { return batch.audio.samples; },
             [](const LearnerBatch& batch) { return batch.audio.lengths; },
             [](const LearnerBatch& batch) { return batch.targets; },
             [](const LearnerBatch& batch) { return batch.teacher.values; }})
      EXPECT_TRUE(at::equal(joined(part), part(whole.last())));
  }
}

TEST(LearnerCourse, passes_on_the_sums_of_a_step_and_what_was_added_to_them) {
  CourseTrial trial({1, 2});
  trial.learn(0);
  const auto sums = trial.course->step_sums();
  ASSERT_EQ(sums.size(), 1u);
  EXPECT_EQ(sums[0].item<double>(), 4);
  sums[0].add_(3);  // as of the other process
  trial.course->finish_step(0);
  EXPECT_EQ(trial.tone_learner().clips.item<double>(), 7);
}

TEST(LearnerCourse, refuses_more_shares_than_clips_of_a_batch) {
  CourseTrial trial({0, 8});
  EXPECT_THAT([&] { trial.learn(0); },
              ThrowsMessage<ConfigError>(HasSubstr("processes is 8, and a batch has 7 items")));
}

}  // namespace
