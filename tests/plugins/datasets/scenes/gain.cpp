#include "gain.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "noise.hpp"

namespace earshot::scenes {
namespace {

Signal unit_tone() {
  Signal result(160000);
  for (std::size_t n = 0; n < result.size(); ++n)
    result[n] = static_cast<float>(std::sin(0.3 * static_cast<double>(n)));
  return result;
}

/// Decaying strikes over a noise floor.
Signal strikes() {
  White white(6);
  Signal result(160000);
  for (std::size_t n = 0; n < result.size(); ++n) {
    const auto since = static_cast<float>(n % 16000);
    result[n] = 0.01F * white() + std::exp(-since / 300) * std::sin(0.4F * since);
  }
  return result;
}

Signal hiss() {
  White white(5);
  Signal result(160000);
  for (float& x : result)
    x = white();
  return result;
}

TEST(SetLevel, gives_every_signal_the_same_crest_factor_and_level) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Signal a = unit_tone(), b = strikes(), c = hiss();
    for (Signal* signal : {&a, &b, &c})
      set_level(*signal, kit::Random(seed));
    EXPECT_NEAR(crest_factor(a), crest_factor(c), 0.3);
    EXPECT_NEAR(crest_factor(b), crest_factor(c), 0.3);
    EXPECT_NEAR(power(a) / power(c), 1, 1e-3);
    EXPECT_NEAR(power(b) / power(c), 1, 1e-3);
  }
}

TEST(SetLevel, spreads_the_level_over_thirty_decibels_and_never_passes_full_scale) {
  double low = 0, high = -100;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Signal signal = hiss();
    set_level(signal, kit::Random(seed));
    const double level = 10 * std::log10(power(signal));
    low = std::min(low, level);
    high = std::max(high, level);
    EXPECT_LT(level + crest_factor(signal), 0);
  }
  EXPECT_GT(high - low, 28);
  EXPECT_LT(high - low, 30.01);
}

TEST(SetLevel, leaves_silence_silent) {
  Signal nothing(1000, 0.0F);
  set_level(nothing, kit::Random(1));
  EXPECT_EQ(nothing, Signal(1000, 0.0F));
}

}  // namespace
}  // namespace earshot::scenes
