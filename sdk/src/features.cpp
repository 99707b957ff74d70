#include <cmath>

#include <earshot/features.hpp>

#include "batch_check.hpp"

namespace earshot {

namespace {

void check_grid(double frame_rate, double first_frame) {
  expect(std::isfinite(frame_rate) && frame_rate >= 0, "spec.frame_rate",
         std::to_string(frame_rate) + " Hz", "0 or more");
  expect(std::isfinite(first_frame), "spec.first_frame", std::to_string(first_frame) + " s",
         "a finite time");
}

}  // namespace

void FeatureBatch::check() const {
  check_grid(spec.frame_rate, spec.first_frame);
  expect(values.defined() && values.is_floating_point() && values.dim() == 3 && values.numel() > 0,
         "values", describe(values), "floating-point (B, T, D), none of them 0");
  expect(values.size(2) == spec.dim, "values", describe(values),
         "D = " + std::to_string(spec.dim) + " as in spec.dim");
  expect(spec.frame_rate > 0 || values.size(1) == 1, "values", describe(values),
         "T = 1, because spec.frame_rate is 0 (one vector per clip)");
  check_lengths(lengths, values.size(0), values.size(1), "frames");
}

double CodeSpec::bits_per_second() const {
  double bits = 0;
  for (const auto size : sizes)
    bits += std::log2(static_cast<double>(size));
  return frame_rate * bits;
}

CodeSpec CodeSpec::first(std::int64_t levels) const {
  expect(levels >= 1 && levels <= codebooks(), "levels", std::to_string(levels),
         "1 to " + std::to_string(codebooks()));
  CodeSpec result = *this;
  result.sizes.resize(static_cast<std::size_t>(levels));
  return result;
}

void CodeBatch::check() const {
  check_grid(spec.frame_rate, spec.first_frame);
  expect(
      codes.defined() && codes.scalar_type() == at::kLong && codes.dim() == 3 && codes.numel() > 0,
      "codes", describe(codes), "int64 (B, Q, T), none of them 0");
  expect(codes.size(1) == spec.codebooks(), "codes", describe(codes),
         "Q = " + std::to_string(spec.codebooks()) + " as in spec.sizes");
  check_lengths(lengths, codes.size(0), codes.size(2), "frames");
  for (std::int64_t q = 0; q < spec.codebooks(); ++q) {
    const auto level = codes.select(1, q);
    const auto size = spec.sizes[static_cast<std::size_t>(q)];
    const auto low = level.min().item<std::int64_t>(), high = level.max().item<std::int64_t>();
    expect(low >= 0 && high < size, "codes of level " + std::to_string(q),
           std::to_string(low) + " to " + std::to_string(high), "0 to " + std::to_string(size - 1));
  }
  expect(!side.defined() ||
             (side.scalar_type() == at::kFloat && side.dim() == 2 && side.size(0) == codes.size(0)),
         "side", describe(side), "float32 (B, S) or undefined");
}

}  // namespace earshot
