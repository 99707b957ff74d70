#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include "encoders/controls/level_only.hpp"
#include "encoders/controls/random_projection.hpp"

namespace {

using earshot::Options;

const earshot::Context context{.device = at::kCPU};

/// A whole number of periods of a sine of amplitude 0.5.
earshot::AudioBatch sine() {
  auto samples = at::empty({1, 1, 3200});
  for (std::int64_t n = 0; n < 3200; ++n)
    samples.mutable_data_ptr<float>()[n] =
        static_cast<float>(0.5 * std::sin(2 * std::numbers::pi * static_cast<double>(n) / 32));
  return {.samples = samples, .lengths = at::tensor({std::int64_t{3200}}), .sample_rate = 32000};
}

TEST(LevelOnly, says_level_peak_and_crest_factor_of_a_sine) {
  controls::LevelOnly encoder(Options(controls::LevelOnly::options()), context);
  const auto features = encoder.encode(sine());
  features.check();
  EXPECT_EQ(features.spec.frame_rate, 0);
  EXPECT_NEAR(features.values[0][0][0].item<float>(), -9.03, 0.01);  // 0.5 / sqrt(2)
  EXPECT_NEAR(features.values[0][0][1].item<float>(), -6.02, 0.01);
  EXPECT_NEAR(features.values[0][0][2].item<float>(), 3.01, 0.01);
}

TEST(LevelOnly, gives_silence_its_floor) {
  controls::LevelOnly encoder(Options(controls::LevelOnly::options()), context);
  auto audio = sine();
  audio.samples.zero_();
  EXPECT_TRUE(at::equal(encoder.encode(audio).values[0][0], at::tensor({-120.F, -120.F, 0.F})));
}

at::Tensor projected(std::int64_t seed) {
  controls::RandomProjection encoder(
      Options(controls::RandomProjection::options(), {{"seed", seed}}), context);
  const auto features = encoder.encode(sine());
  features.check();
  EXPECT_EQ(features.spec.dim, 128);
  EXPECT_EQ(features.lengths[0].item<std::int64_t>(), 11);
  return features.values;
}

TEST(RandomProjection, depends_on_its_own_seed_and_nothing_else) {
  at::manual_seed(1);
  const auto first = projected(0);
  at::manual_seed(2);
  EXPECT_TRUE(at::equal(first, projected(0)));
  EXPECT_FALSE(at::equal(first, projected(1)));
  EXPECT_EQ(first.min().item<float>(), 0);
  EXPECT_GT(first.max().item<float>(), 0.5F);
}

}  // namespace
