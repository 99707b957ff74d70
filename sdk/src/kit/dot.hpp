#pragma once
#include <array>
#include <cstddef>

namespace earshot::kit {

/// Sum of products, in lanes that are added up in pairs at the end: in a single sum, each addition
/// would have to wait for the one before, and the compiler could not use vectors.
template <class Number>
Number dot(const Number* a, const Number* b, std::size_t size) {
  constexpr std::size_t lanes = 32 / sizeof(Number);
  std::array<Number, lanes> sums{};
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane)
      sums[lane] += a[i + lane] * b[i + lane];
  Number rest = 0;
  for (; i < size; ++i)
    rest += a[i] * b[i];
  for (std::size_t half = lanes / 2; half > 0; half /= 2)
    for (std::size_t lane = 0; lane < half; ++lane)
      sums[lane] += sums[lane + half];
  return sums[0] + rest;
}

}  // namespace earshot::kit
