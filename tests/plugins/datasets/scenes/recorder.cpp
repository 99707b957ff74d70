#include "recorder.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "filter.hpp"
#include "noise.hpp"

namespace earshot::scenes {
namespace {

Signal music() {
  White white(5);
  Signal result(32000);
  for (std::size_t n = 0; n < result.size(); ++n)
    result[n] = static_cast<float>(0.3 * std::sin(0.2 * static_cast<double>(n))) + 0.05F * white();
  return result;
}

TEST(Recorder, has_its_severity_in_the_third_of_its_class) {
  kit::Random random(1);
  for (int quality = 0; quality < 3; ++quality)
    for (int k = 0; k < 100; ++k) {
      const double severity = draw_severity(quality, random);
      EXPECT_GE(severity, quality / 3.0);
      EXPECT_LT(severity, (quality + 1) / 3.0);
    }
}

TEST(Recorder, gets_worse_in_every_respect_with_severity_on_average) {
  kit::Random random(2);
  const auto mean = [&](double severity, double Recorder::*part) {
    double sum = 0;
    for (int k = 0; k < 200; ++k)
      sum += draw_recorder(severity, random).*part / 200;
    return sum;
  };
  EXPECT_LT(mean(0.2, &Recorder::low_cut), mean(0.8, &Recorder::low_cut));
  EXPECT_GT(mean(0.2, &Recorder::high_cut), mean(0.8, &Recorder::high_cut));
  EXPECT_LT(mean(0.2, &Recorder::clip_db), mean(0.8, &Recorder::clip_db));
  EXPECT_GT(mean(0.2, &Recorder::bits), mean(0.8, &Recorder::bits));
  EXPECT_LT(mean(0.2, &Recorder::hum_share), mean(0.8, &Recorder::hum_share));
}

TEST(Record, clips_at_the_level_asked_for) {
  Recorder recorder{.low_cut = 5, .high_cut = 7200, .resonance = 1000, .clip_db = 6, .bits = 16};
  Recorder open = recorder;
  open.clip_db = 0;
  Signal clipped = music(), whole = music();
  record(recorder, clipped);
  record(open, whole);
  const auto peak = [](const Signal& signal) {
    return *std::max_element(signal.begin() + 2000, signal.end());
  };
  // The last low-pass filter rings, which restores part of the 6 dB.
  const double lower = 20 * std::log10(peak(whole) / peak(clipped));
  EXPECT_GT(lower, 3);
  EXPECT_LT(lower, 6.5);
}

TEST(Record, adds_quantisation_noise_of_six_decibels_a_bit) {
  const auto noise = [](double bits) {
    const Recorder coarse{.low_cut = 5, .high_cut = 7200, .resonance = 1000, .bits = bits};
    const Recorder fine{.low_cut = 5, .high_cut = 7200, .resonance = 1000, .bits = 16};
    Signal a = music(), b = music();
    record(coarse, a);
    record(fine, b);
    for (std::size_t n = 0; n < a.size(); ++n)
      a[n] -= b[n];
    return 10 * std::log10(power(a) / power(b));
  };
  EXPECT_NEAR(noise(6) - noise(9), 18, 2);
  EXPECT_LT(noise(9), -40);  // 8 bits of mu-law give 38 dB
}

TEST(Record, passes_only_its_band) {
  White white(3);
  Signal signal(64000);
  for (float& x : signal)
    x = white();
  record({.low_cut = 150, .high_cut = 3000, .resonance = 1000, .bits = 16}, signal);
  Signal above = signal;
  apply(Biquad::high_pass(6000), above);
  apply(Biquad::high_pass(6000), above);
  EXPECT_LT(power(above), 2e-3 * power(signal));
}

TEST(Record, leaves_silence_silent) {
  kit::Random random(1);
  Signal nothing(1000, 0.0F);
  record(draw_recorder(0.9, random), nothing);
  EXPECT_EQ(power(nothing), 0);
}

}  // namespace
}  // namespace earshot::scenes
