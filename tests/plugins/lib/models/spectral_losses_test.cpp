#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <lib/models/spectral_losses.hpp>

#include "noise.hpp"
#include "training_case.hpp"

namespace {

using earshot::kit::LogMelMagnitudes;
using earshot::kit::SpectralLosses;

TEST(SpectralLosses, are_0_between_equals_and_grow_with_what_is_changed) {
  const SpectralLosses losses(24000, at::kCPU);
  const auto original = noise({2, 6000}, 1) * 0.1;
  EXPECT_EQ(losses.mel(original, original).item<double>(), 0);
  EXPECT_LT(losses.stft(original, original).item<double>(), 1e-3);
  const auto little = original + noise({2, 6000}, 2) * 0.01, much = noise({2, 6000}, 2) * 0.01;
  EXPECT_LT(losses.mel(little, original).item<double>(),
            0.5 * losses.mel(much, original).item<double>());
  EXPECT_LT(losses.stft(little, original).item<double>(),
            0.5 * losses.stft(much, original).item<double>());
}

TEST(SpectralLosses, are_known_for_half_the_level) {
  const SpectralLosses losses(24000, at::kCPU);
  const auto original = noise({1, 24000}, 1);
  // |ln 2| of each value, and its square; spectral convergence 1 / 2.
  constexpr double ln_2 = 0.693147;
  EXPECT_NEAR(losses.mel(original / 2, original).item<double>(), ln_2 + ln_2 * ln_2, 1e-3);
  EXPECT_NEAR(losses.stft(original / 2, original).item<double>(), 0.5 + ln_2, 2e-3);
}

TEST(SpectralLosses, are_means_over_signals) {
  const SpectralLosses losses(24000, at::kCPU);
  const auto original = noise({3, 3000}, 1), copy = original + noise({3, 3000}, 2) * 0.3;
  double mel = 0, stft = 0;
  for (std::int64_t n = 0; n < 3; ++n) {
    mel += losses.mel(copy.narrow(0, n, 1), original.narrow(0, n, 1)).item<double>() / 3;
    stft += losses.stft(copy.narrow(0, n, 1), original.narrow(0, n, 1)).item<double>() / 3;
  }
  EXPECT_NEAR(losses.mel(copy, original).item<double>(), mel, 1e-5);
  EXPECT_NEAR(losses.stft(copy, original).item<double>(), stft, 1e-5);
}

TEST(SpectralLosses, have_finite_gradients_for_silence_equals_and_clips_shorter_than_a_window) {
  const SpectralLosses losses(24000, at::kCPU);
  const at::AutoGradMode grad(true);
  const auto heard = noise({1, 400}, 1), silent = at::zeros({1, 400});
  for (const auto& [from, to] : {std::pair{silent, heard}, {heard, silent}, {heard, heard}}) {
    auto copy = from.clone().requires_grad_(true);
    (losses.mel(copy, to) + losses.stft(copy, to)).backward();
    EXPECT_TRUE(at::isfinite(copy.grad()).all().item<bool>());
  }
}

// Regression: at 48 kHz the lowest bands of the shortest windows held no frequency, and an error
// was thrown.
TEST(SpectralLosses, are_there_for_the_rates_of_all_codecs) {
  for (const std::int64_t rate : {8000, 16000, 24000, 44100, 48000, 96000}) {
    const SpectralLosses losses(rate, at::kCPU);
    const auto original = noise({1, 4000}, 1);
    EXPECT_GT(losses.mel(original / 2, original).item<double>(), 0.5) << rate;
  }
}

class MelFixture : public earshot::testing::TrainingCase {
 protected:
  MelFixture() : TrainingCase("hifigan_generator") {}

  void expect_mels(const std::string& name, const std::string& wave,
                   const LogMelMagnitudes::Options& options) const {
    const LogMelMagnitudes mels(options, at::kCPU);
    expect_near(name, mels(golden(wave)).transpose(1, 2));
  }
};

TEST_F(MelFixture, has_the_log_mel_magnitudes_of_hifi_gan) {
  expect_mels("out/mel_22050_loss", "in/wave_22050", {.sample_rate = 22050});
  expect_mels("out/mel_22050_input", "in/wave_22050", {.sample_rate = 22050, .high = 8000});
  expect_mels("out/mel_16000_128", "in/wave_16000",
              {.sample_rate = 16000, .n_fft = 1024, .hop = 160, .bands = 128});
}

class MelLossFixture : public earshot::testing::TrainingCase {
 protected:
  MelLossFixture() : TrainingCase("hifigan_losses") {}
};

TEST_F(MelLossFixture, is_that_of_hifi_gan) {
  const LogMelMagnitudes mels({.sample_rate = 22050}, at::kCPU);
  constexpr double weight = 45;  // which the published loss includes
  const auto distance =
      mels(golden("in/fake").flatten(0, 1)) - mels(golden("in/real").flatten(0, 1));
  expect_near("out/mel_loss", weight * distance.abs().mean());
}

}  // namespace
