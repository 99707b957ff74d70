#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <earshot/error.hpp>
#include <earshot/kit/random.hpp>
#include <earshot/kit/resample.hpp>

#include "fixture_folder.hpp"
#include "safetensors.hpp"
#include "sound_file.hpp"

namespace earshot::kit {
namespace {

/// The formula of torchaudio's kernel, applied directly: no polyphase filter, every tap, in double.
std::vector<double> slow_resample(const std::vector<float>& input, std::int64_t from,
                                  std::int64_t to) {
  const auto divisor = std::gcd(from, to);
  from /= divisor;
  to /= divisor;
  const auto samples = static_cast<std::int64_t>(input.size());
  const double cutoff = 0.99 * static_cast<double>(std::min(from, to));
  std::vector<double> output;
  for (std::int64_t n = 0; n < (samples * to + from - 1) / from; ++n) {
    const auto phase = static_cast<double>(static_cast<float>(n % to) / static_cast<float>(to));
    double sum = 0;
    for (std::int64_t k = 0; k < samples; ++k) {
      const double at = static_cast<double>(k - n / to * from) / static_cast<double>(from) - phase;
      const double t = at * cutoff;
      if (std::abs(t) >= 6) continue;
      const double window = std::pow(std::cos(t * std::numbers::pi / 12), 2);
      const double x = t * std::numbers::pi;
      sum += static_cast<double>(input[static_cast<std::size_t>(k)]) * window *
             (t == 0 ? 1 : std::sin(x) / x) * cutoff / static_cast<double>(from);
    }
    output.push_back(sum);
  }
  return output;
}

TEST(Resample, equals_the_formula_for_many_pairs_of_rates) {
  Random random(7);
  for (const auto& [from, to] : {std::pair{44100, 16000},
                                 {16000, 44100},
                                 {48000, 16000},
                                 {8000, 16000},
                                 {22050, 32000},
                                 {192000, 8000},
                                 {11025, 16001}}) {
    for (const std::size_t samples : {1, 2, 500}) {
      std::vector<float> input(samples);
      for (auto& sample : input)
        sample = static_cast<float>(random.uniform(-1, 1));
      const auto fast = resample(input, from, to);
      const auto slow = slow_resample(input, from, to);
      ASSERT_EQ(fast.size(), slow.size());
      for (std::size_t n = 0; n < fast.size(); ++n)
        ASSERT_NEAR(static_cast<double>(fast[n]), slow[n], 3e-6)
            << from << " to " << to << ", sample " << n;
    }
  }
}

TEST(Resample, keeps_a_tone_and_removes_what_the_lower_rate_cannot_hold) {
  const auto kept = resample(testing::tone(44100, 1000, 44100), 44100, 16000);
  ASSERT_EQ(kept.size(), 16000u);
  for (std::size_t n = 1000; n < 15000; ++n)
    ASSERT_NEAR(kept[n],
                0.5 * std::sin(2 * std::numbers::pi * 1000 * static_cast<double>(n) / 16000), 2e-3);
  const auto removed = resample(testing::tone(44100, 12000, 44100), 44100, 16000);
  for (std::size_t n = 1000; n < 15000; ++n)
    ASSERT_NEAR(removed[n], 0, 2e-3);
}

TEST(Resample, leaves_equal_rates_alone_and_refuses_impossible_ones) {
  const std::vector<float> input{0.5f, -1, 2};
  EXPECT_EQ(resample(input, 16000, 16000), input);
  EXPECT_EQ(resample({}, 44100, 16000).size(), 0u);
  EXPECT_THROW(resample(input, 0, 16000), ConfigError);
  EXPECT_THROW(resample(input, 16000, -1), ConfigError);
}

TEST(Resample, equals_torchaudio) {
  const auto folder = testing::fixture_folder() / "audio" / "resample_torchaudio";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not there";
  const auto tensors = testing::read_safetensors(folder / "golden.safetensors");
  int compared = 0;
  for (const auto& [name, out] : tensors) {
    std::int64_t from = 0, to = 0;
    if (std::sscanf(name.c_str(), "out/%ld_%ld", &from, &to) != 2) continue;
    const auto& in = tensors.at("in/" + std::to_string(from));
    const auto samples = static_cast<std::size_t>(in.shape.at(1));
    const auto length = static_cast<std::size_t>(out.shape.at(1));
    double difference = 0, scale = 0;
    for (std::size_t row = 0; row < 2; ++row) {
      const auto ours = resample({in.values.data() + row * samples, samples}, from, to);
      ASSERT_EQ(ours.size(), length) << name;
      for (std::size_t n = 0; n < length; ++n) {
        const double theirs = static_cast<double>(out.values[row * length + n]);
        difference = std::max(difference, std::abs(static_cast<double>(ours[n]) - theirs));
        scale = std::max(scale, std::abs(theirs));
      }
    }
    EXPECT_LE(difference / scale, 1e-6) << name;
    ++compared;
  }
  EXPECT_GE(compared, 10);
}

}  // namespace
}  // namespace earshot::kit
