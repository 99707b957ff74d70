#include <numbers>

#include <ATen/ATen.h>

#include <lib/models/rotary.hpp>

namespace earshot::kit {

namespace {

/// The same operations as in transformers, in float32.
at::Tensor stretched(const at::Tensor& frequencies, const RotaryOptions::Llama3& o) {
  const auto wavelengths = 2 * std::numbers::pi / frequencies;
  const auto is_long = wavelengths > o.original_context / o.low;
  const auto is_short = wavelengths < o.original_context / o.high;
  const auto slow = at::where(is_long, frequencies / o.factor, frequencies);
  const auto share = (o.original_context / wavelengths - o.low) / (o.high - o.low);
  const auto between = (1 - share) * slow / o.factor + share * slow;
  return at::where(is_long.logical_or(is_short), slow, between);
}

}  // namespace

Rotation rotation(const RotaryOptions& o, const at::Tensor& positions) {
  const auto exponents =
      at::arange(0, o.width, 2, positions.options()).div_(static_cast<double>(o.width));
  auto frequencies = at::pow(o.theta, exponents).reciprocal_();
  if (o.factor != 1) frequencies.div_(o.factor);
  if (o.llama3) frequencies = stretched(frequencies, *o.llama3);
  const auto angles = at::outer(positions, frequencies);
  const auto both = at::cat({angles, angles}, -1);
  return {both.cos(), both.sin()};
}

at::Tensor rotate(const at::Tensor& x, const Rotation& rotation) {
  const auto halves = x.chunk(2, -1);
  return x * rotation.cos + at::cat({-halves[1], halves[0]}, -1) * rotation.sin;
}

}  // namespace earshot::kit
