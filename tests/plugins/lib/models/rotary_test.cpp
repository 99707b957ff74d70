#include <cmath>
#include <limits>
#include <numbers>

#include <ATen/ATen.h>

#include <gtest/gtest.h>
#include <lib/models/exponential.hpp>
#include <lib/models/parameters.hpp>
#include <lib/models/rotary.hpp>

namespace {

using namespace earshot::kit;

/// The angle of pair `i` at position 1, for heads of width 16.
double frequency(const RotaryOptions& options, std::int64_t i) {
  const auto turned = rotation(options, at::ones({1}));
  return std::atan2(turned.sin[0][i].item<double>(), turned.cos[0][i].item<double>());
}

TEST(Rotary, turns_pairs_of_halves_by_position_and_keeps_lengths) {
  const RotaryOptions options{.width = 4, .theta = 100};
  const auto x = at::tensor({1.0F, 2.0F, 3.0F, 4.0F}).view({1, 4});
  const auto turned = rotate(x, rotation(options, at::full({1}, 3.0F)));
  for (const std::int64_t i : {0, 1}) {
    const auto angle = 3 * std::pow(100, -static_cast<double>(i) / 2);
    const auto a = x[0][i].item<double>(), b = x[0][i + 2].item<double>();
    EXPECT_NEAR(turned[0][i].item<double>(), a * std::cos(angle) - b * std::sin(angle), 1e-6);
    EXPECT_NEAR(turned[0][i + 2].item<double>(), b * std::cos(angle) + a * std::sin(angle), 1e-6);
  }
}

TEST(Rotary, llama3_scaling_slows_what_is_long_and_keeps_what_is_short) {
  const RotaryOptions::Llama3 scaling{.factor = 8, .low = 1, .high = 4, .original_context = 64};
  RotaryOptions plain{.width = 16, .theta = 500}, scaled = plain;
  scaled.llama3 = scaling;
  bool kept = false, slowed = false, between = false;
  for (std::int64_t i = 0; i < 8; ++i) {
    const auto f = frequency(plain, i);
    const auto wavelength = 2 * std::numbers::pi / f;
    const auto share = (64 / wavelength - 1) / 3;
    const auto expected = share >= 1 ? f : share <= 0 ? f / 8 : (1 - share) * f / 8 + share * f;
    EXPECT_NEAR(frequency(scaled, i), expected, 1e-6 * f) << i;
    (share >= 1 ? kept : share <= 0 ? slowed : between) = true;
  }
  EXPECT_TRUE(kept && slowed && between);
}

TEST(Rotary, linear_scaling_divides_positions) {
  EXPECT_NEAR(frequency({.width = 16, .factor = 4}, 1), frequency({.width = 16}, 1) / 4, 1e-7);
}

TEST(Exponential, is_exact_to_a_few_units_in_the_last_place) {
  for (float x = 0; x > -100; x -= 0.037F)
    EXPECT_NEAR(exp_minus_1(x), std::expm1(static_cast<double>(x)), 2e-7) << x;
  EXPECT_EQ(exp_minus_1(-std::numeric_limits<float>::infinity()), -1);
}

TEST(Parameters, a_stacked_tensor_has_the_parts_of_a_checkpoint_below_each_other) {
  Parameters parameters(at::kCPU, at::kBFloat16);
  const auto whole = parameters.add_stacked({"q", "k"}, {6, 2}, {-1, 1}, {4, 2});
  parameters.randomize(0);
  EXPECT_EQ(whole.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(at::equal(whole.narrow(0, 0, 4), parameters.tensors().at("q")));
  EXPECT_TRUE(at::equal(whole.narrow(0, 4, 2), parameters.tensors().at("k")));
  EXPECT_EQ(parameters.count(), 12);
}

}  // namespace
