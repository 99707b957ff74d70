#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <lib/learn/averaged_weights.hpp>

#include "training_case.hpp"

namespace {

using namespace earshot;
using kit::AveragedWeights;

State state_of(const at::Tensor& weight, std::int64_t count) {
  return {.tensors = {{"weight", weight}, {"count", at::full({}, count, at::kLong)}},
          .text = {{"kind", "a"}}};
}

TEST(AveragedWeights, follow_the_weights_slowly) {
  const auto start = at::tensor({1.0F, -2.0F});
  AveragedWeights average(0.75, state_of(start, 0));
  average.update(state_of(at::tensor({5.0F, 2.0F}), 1));
  EXPECT_TRUE(at::equal(average.state().tensors.at("weight"), at::tensor({2.0F, -1.0F})));
  average.update(state_of(at::tensor({6.0F, -1.0F}), 2));
  EXPECT_TRUE(at::equal(average.state().tensors.at("weight"), at::tensor({3.0F, -1.0F})));
  EXPECT_TRUE(at::equal(start, at::tensor({1.0F, -2.0F}))) << "the start is not modified";
}

TEST(AveragedWeights, copy_integers_and_text) {
  AveragedWeights average(0.9, state_of(at::zeros({2}), 0));
  auto now = state_of(at::ones({2}), 7);
  now.text["kind"] = "b";
  average.update(now);
  EXPECT_EQ(average.state().tensors.at("count").item<std::int64_t>(), 7);
  EXPECT_EQ(average.state().text.at("kind"), "b");
}

TEST(AveragedWeights, take_in_what_appears_or_changes_its_shape) {
  AveragedWeights average(0.9, state_of(at::zeros({2}), 0));
  auto now = state_of(at::ones({3}), 1);
  now.tensors["late"] = at::full({1}, 4.0F);
  average.update(now);
  EXPECT_TRUE(at::equal(average.state().tensors.at("weight"), at::ones({3})));
  EXPECT_EQ(average.state().tensors.at("late").item<float>(), 4.0F);
}

TEST(AveragedWeights, go_on_from_their_state) {
  AveragedWeights whole(0.9, state_of(at::zeros({2}), 0));
  whole.update(state_of(at::ones({2}), 1));
  AveragedWeights resumed(0.9, whole.state());
  for (auto* average : {&whole, &resumed})
    average->update(state_of(at::full({2}, 3.0F), 2));
  EXPECT_TRUE(at::equal(whole.state().tensors.at("weight"), resumed.state().tensors.at("weight")));
}

class AveragedWeightsFixture : public earshot::testing::TrainingCase {
 protected:
  AveragedWeightsFixture() : TrainingCase("ema_buffers") {}
};

// The weight of the case begins at 0 and moves by a row of `steps`; the running mean is a tenth of
// it.
TEST_F(AveragedWeightsFixture, agree_at_every_decay_buffers_included) {
  const auto steps = golden("in/steps");
  const auto basis = golden("out/0.9/basis_after_5");
  const auto state = [&](const at::Tensor& w) {
    return State{.tensors = {{"w", w}, {"running_mean", w * 0.1}, {"basis", basis}}, .text = {}};
  };
  for (const auto& decay : json("config.json").at("decays")) {
    const auto name = "out/" + decay.dump();
    AveragedWeights average(decay.get<double>(), state(at::zeros({4})));
    for (const auto& weight : steps.cumsum(0).unbind())
      average.update(state(weight));
    const auto& ours = average.state().tensors;
    expect_near(name + "/w", ours.at("w"));
    expect_near(name + "/running_mean", ours.at("running_mean"));
    EXPECT_TRUE(at::equal(ours.at("basis"), golden(name + "/basis_after_5")));
  }
}

}  // namespace
