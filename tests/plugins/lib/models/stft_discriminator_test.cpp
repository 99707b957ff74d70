#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <lib/learn/optimiser.hpp>
#include <lib/models/stft_discriminator.hpp>

#include "noise.hpp"

namespace {

using earshot::kit::StftDiscriminator;

const StftDiscriminator::Options small_judge{.windows = {256, 64}, .filters = 4};

TEST(StftDiscriminator, has_the_weights_of_the_published_one) {
  at::manual_seed(1);
  const StftDiscriminator full({}, at::kCPU);
  std::int64_t numbers = 0;
  for (const auto& [name, tensor] : full.parameters())
    numbers += tensor.numel();
  // Of each of 5 networks: 2 x 27 x 32, three of 32 x 27 x 32, 32 x 9 x 32, 32 x 9 weights, with a
  // bias and a norm for each of 161 outputs.
  EXPECT_EQ(numbers, 5 * (1728 + 3 * 27648 + 9216 + 288 + 2 * 161));
  EXPECT_EQ(full.parameters()[0].first, "discriminators.0.convs.0.weight_g");
  EXPECT_EQ(full.parameters().back().first, "discriminators.4.conv_post.bias");
}

TEST(StftDiscriminator, learns_to_tell_audio_apart) {
  at::manual_seed(1);
  const StftDiscriminator judge(small_judge, at::kCPU);
  const auto original = noise({4, 1, 1200}, 1) * 0.3;
  const auto decoded = original.roll({1}, {2}) + original;
  // As PyTorch's convolutions begin, each layer halves what varies, so that scores, and with them
  // gradients, begin near 0. Adam's steps do not depend on their size.
  earshot::kit::AdamW optimiser(judge.parameters());
  const at::AutoGradMode grad(true);
  double first = 0, last = 0;
  for (int step = 0; step < 100; ++step) {
    const auto judged = judge.judge(original, decoded);
    const auto loss = judged.original + judged.decoded;
    last = loss.item<double>();
    if (step == 0) first = last;
    loss.backward();
    optimiser.step(1e-2);
    optimiser.zero_gradients();
  }
  EXPECT_NEAR(first, 2, 0.3);
  EXPECT_LT(last, 0.6 * first);
}

TEST(StftDiscriminator, shows_what_decodes_the_way_and_learns_nothing_meanwhile) {
  at::manual_seed(1);
  const StftDiscriminator judge(small_judge, at::kCPU);
  const auto original = noise({2, 2, 700}, 1);
  const at::AutoGradMode grad(true);
  auto decoded = (original + 0.1 * noise({2, 2, 700}, 2)).requires_grad_(true);
  const auto critique = judge.criticise(original, decoded);
  critique.adversarial.backward({}, /*keep_graph=*/true);  // which both share
  EXPECT_GT(decoded.grad().abs().max().item<double>(), 0);
  decoded.mutable_grad().reset();
  critique.features.backward();
  EXPECT_GT(decoded.grad().abs().max().item<double>(), 0);
  for (const auto& [name, parameter] : judge.parameters())
    EXPECT_FALSE(parameter.grad().defined()) << name;
  EXPECT_EQ(judge.criticise(original, original).features.item<double>(), 0);
  const auto worse = judge.criticise(original, original + noise({2, 2, 700}, 2));
  EXPECT_GT(worse.features.item<double>(), 2 * critique.features.item<double>());
}

TEST(StftDiscriminator, judges_clips_that_are_shorter_than_a_window) {
  at::manual_seed(1);
  const StftDiscriminator judge(small_judge, at::kCPU);
  const auto judged = judge.judge(noise({1, 1, 50}, 1), noise({1, 1, 50}, 2));
  EXPECT_TRUE(std::isfinite((judged.original + judged.decoded).item<double>()));
}

}  // namespace
