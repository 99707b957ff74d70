#pragma once
#include <bit>
#include <cstdint>

namespace earshot::kit {

/// exp(x) - 1 for x <= 0, within 2e-7; simple enough that compilers vectorise loops over it. With n
/// = round(x / ln 2) and r = x - n ln 2 it is 2^n (exp(r) - 1) + (2^n - 1); the bracket is r + r^2
/// / 2 + ..., of which seven terms are enough for |r| <= ln 2 / 2.
inline float exp_minus_1(float x) {
  constexpr float least = -87;  // from here on, exp(x) is a normal number
  constexpr float log2_e = 1.44269504F;
  constexpr float ln2_high = 0.693359375F, ln2_low = -2.12194440e-4F;  // Cody and Waite 1980
  constexpr float round = 12582912;  // 1.5 * 2^23: adding it rounds to an integer
  x = x < least ? least : x;
  const auto shifted = x * log2_e + round;
  const auto n = shifted - round;
  const auto r = (x - n * ln2_high) - n * ln2_low;
  auto p = 1 / 5040.F;
  for (const float c : {1 / 720.F, 1 / 120.F, 1 / 24.F, 1 / 6.F, 1 / 2.F})
    p = p * r + c;
  p = p * r * r + r;
  constexpr std::uint32_t mantissa_bits = 23, bias = 127;
  const auto power =
      std::bit_cast<float>((std::bit_cast<std::uint32_t>(shifted) + bias) << mantissa_bits);
  return power * p + (power - 1);
}

}  // namespace earshot::kit
