#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <lib/models/clip_heads.hpp>

#include <earshot/error.hpp>

namespace {

using namespace earshot;
using kit::ClipHeads;
using Goal = Objective::Goal;

const auto vectors = at::tensor({1.F, 2.F, -1.F, 0.5F}).view({2, 2});

/// Heads with weights that can be checked by hand: `value` everywhere, no bias.
ClipHeads heads(const Objective& objective, double value) {
  ClipHeads made(objective, 2, at::kCPU);
  const at::NoGradGuard no_grad;
  for (auto [name, parameter] : made.parameters())
    parameter.fill_(name.ends_with("bias") ? 0 : value);
  return made;
}

TEST(ClipHeads, of_exclusive_classes_lose_the_cross_entropy) {
  const auto made = heads({.goal = Goal::classes, .classes = {"a", "b", "c"}}, 0.5);
  const auto losses = made.loss(vectors, {.targets = at::eye(3).narrow(0, 0, 2)});
  EXPECT_NEAR(losses.total.item<double>(), std::log(3), 1e-6);  // equal outputs
  EXPECT_EQ(losses.weight, 2);
  ASSERT_EQ(losses.parts.size(), 2);
  EXPECT_EQ(losses.parts[0].first, "cross_entropy");
  EXPECT_EQ(losses.parts[1].first, "accuracy");
  EXPECT_EQ(losses.parts[1].second.item<double>(), 0.5);  // the first of equal outputs
  losses.total.backward();
  EXPECT_GT(made.parameters()[0].second.grad().abs().max().item<double>(), 0);
}

TEST(ClipHeads, of_several_classes_lose_each_class_s_own) {
  const auto made = heads({.goal = Goal::classes, .classes = {"a", "b"}, .exclusive = false}, 0);
  const auto losses = made.loss(vectors, {.targets = at::ones({2, 2})});
  EXPECT_NEAR(losses.total.item<double>(), std::log(2), 1e-6);
}

TEST(ClipHeads, of_values_lose_the_mean_squared_error) {
  const auto made = heads({.goal = Goal::values, .values = 1}, 1);
  const auto losses = made.loss(vectors, {.targets = at::tensor({1.F, 0.5F}).view({2, 1})});
  EXPECT_NEAR(losses.total.item<double>(), (2. * 2 + 1. * 1) / 2, 1e-6);  // 3 and -0.5
}

TEST(ClipHeads, imitate_the_mean_of_a_teacher_s_valid_frames_besides_the_labels) {
  const FeatureSpec spec{.frame_rate = 10, .dim = 1};
  const auto made = heads({.goal = Goal::values, .values = 1, .teacher = spec}, 1);
  const FeatureBatch teacher{.values = at::tensor({1.F, 3.F, 4.F, 100.F}).view({2, 2, 1}),
                             .lengths = at::tensor({std::int64_t{2}, std::int64_t{1}}),
                             .spec = spec};
  const auto losses =
      made.loss(vectors, {.targets = at::tensor({3.F, -0.5F}).view({2, 1}), .teacher = teacher});
  ASSERT_EQ(losses.parts.size(), 2);
  EXPECT_EQ(losses.parts[0].second.item<double>(), 0);
  EXPECT_EQ(losses.parts[1].first, "teacher_error");
  EXPECT_NEAR(losses.parts[1].second.item<double>(), (1. + 4.5 * 4.5) / 2, 1e-6);
  EXPECT_EQ(losses.total.item<double>(), losses.parts[1].second.item<double>());
  EXPECT_EQ(made.parameters().size(), 4);
}

TEST(ClipHeads, of_a_model_with_a_label_layer_of_its_own_judge_what_that_gives) {
  const FeatureSpec spec{.dim = 1};
  const ClipHeads made({.goal = Goal::values, .values = 3, .teacher = spec}, 2, at::kCPU,
                       /*labels=*/false);
  EXPECT_EQ(made.parameters().size(), 2) << "the teacher's alone";
  const LearnerBatch batch{
      .targets = at::ones({2, 3}),
      .teacher = {
          .values = at::zeros({2, 1, 1}), .lengths = at::ones({2}, at::kLong), .spec = spec}};
  const auto losses = made.loss(vectors, batch, at::full({2, 3}, 3.0));
  EXPECT_EQ(losses.parts.at(0).second.item<double>(), 4);
  EXPECT_EQ(losses.parts.at(1).first, "teacher_error");
  EXPECT_THROW(made.loss(vectors, batch, at::ones({2, 4})), ContractError);
}

TEST(ClipHeads, refuse_goals_and_batches_that_do_not_fit) {
  EXPECT_THROW(heads({.goal = Goal::masked}, 1), Unsupported);
  EXPECT_THROW(heads({.goal = Goal::values}, 1), ConfigError);
  EXPECT_THROW(heads({.goal = Goal::teacher}, 1), ConfigError);
  EXPECT_THROW(heads({.goal = Goal::classes, .classes = {"a"}}, 1), ConfigError);
  const auto made = heads({.goal = Goal::values, .values = 2}, 1);
  EXPECT_THROW(made.loss(vectors, {}), ContractError);
  EXPECT_THROW(made.loss(vectors, {.targets = at::ones({2, 3})}), ContractError);
}

}  // namespace
