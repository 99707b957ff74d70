#include "convolution.hpp"

#include <cmath>
#include <numbers>

#include <ATen/Parallel.h>

#include <gtest/gtest.h>

#include "noise.hpp"

namespace earshot::scenes {
namespace {

Signal noise(std::size_t length, std::uint64_t seed) {
  White white(seed);
  Signal result(length);
  for (float& x : result)
    x = white();
  return result;
}

Signal tone(double frequency, std::size_t length) {
  Signal result(length);
  for (std::size_t n = 0; n < length; ++n)
    result[n] = static_cast<float>(
        std::sin(2 * std::numbers::pi * frequency * static_cast<double>(n) / rate));
  return result;
}

TEST(Convolve, equals_the_sum_of_products) {
  const Signal a = noise(20000, 1), b = noise(300, 2);
  const Signal fast = convolve(a, b, 20100);
  for (const std::size_t n : {0, 1, 299, 8000, 8192, 19999, 20050}) {
    double sum = 0;
    for (std::size_t k = 0; k < b.size(); ++k)
      if (n >= k && n - k < a.size()) sum += double{a[n - k]} * b[k];
    EXPECT_NEAR(fast[n], sum, 1e-3) << n;
  }
}

TEST(Convolve, gives_the_same_bits_with_any_number_of_threads) {
  const Signal a = noise(160000, 1), b = noise(30000, 2);
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const Signal one = convolve(a, b, a.size());
  at::set_num_threads(2);
  const Signal two = convolve(a, b, a.size());
  at::set_num_threads(before);
  EXPECT_EQ(one, two);
}

TEST(SplitBands, adds_up_to_the_signal) {
  const Signal signal = noise(5000, 3);
  const auto parts = split_bands(signal);
  for (std::size_t n = 0; n < signal.size(); ++n) {
    double sum = 0;
    for (const Signal& part : parts)
      sum += part[n];
    ASSERT_NEAR(sum, signal[n], 1e-4);
  }
}

TEST(SplitBands, gives_a_tone_to_the_band_of_its_frequency) {
  for (std::size_t band = 0; band < bands; ++band) {
    const auto parts = split_bands(tone(band_centres[band], 1 << 14));
    for (std::size_t other = 0; other < bands; ++other)
      EXPECT_NEAR(power(parts[other]), other == band ? 0.5 : 0, 0.01) << band << " " << other;
  }
}

TEST(JoinBands, passes_an_impulse_that_is_in_all_bands_unchanged) {
  std::array<Signal, bands> parts;
  parts.fill(Signal(1000, 0.0F));
  for (Signal& part : parts)
    part[400] = 1;
  const Signal joined = join_bands(parts);
  for (std::size_t n = 0; n < joined.size(); ++n)
    ASSERT_NEAR(joined[n], n == 400 ? 1 : 0, 1e-5);
}

TEST(RaiseRate, keeps_tones_where_they_are_and_makes_no_images) {
  for (const std::int64_t factor : {2, 3})
    for (const double frequency : {300.0, 6900.0}) {
      const Signal raised = raise_rate(tone(frequency, 16000), factor);
      ASSERT_EQ(raised.size(), static_cast<std::size_t>(16000 * factor));
      const double out_rate = rate * static_cast<double>(factor);
      for (std::size_t n = 2000; n < raised.size() - 2000; ++n)
        ASSERT_NEAR(raised[n],
                    std::sin(2 * std::numbers::pi * frequency * static_cast<double>(n) / out_rate),
                    1e-3);
    }
}

}  // namespace
}  // namespace earshot::scenes
