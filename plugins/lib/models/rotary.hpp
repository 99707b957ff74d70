#pragma once
#include <cstdint>
#include <optional>

#include <ATen/core/Tensor.h>

namespace earshot::kit {

/// Rotary position embeddings (Su et al. 2021, "RoFormer"), which pair i with i + d/2.
struct RotaryOptions {
  /// How Llama 3.1 stretches what was learnt with `original_context` positions: wavelengths beyond
  /// original_context / low become `factor` times longer, those below original_context / high are
  /// unchanged, and in between the frequency is interpolated (transformers, "llama3" scaling).
  struct Llama3 {
    double factor = 8, low = 1, high = 4, original_context = 8192;
  };
  std::int64_t width = 64;  ///< d, of a head; even
  double theta = 10000;
  double factor = 1;  ///< positions are divided by it ("linear" scaling)
  std::optional<Llama3> llama3{};
};

/// The rotation of some positions.
struct Rotation {
  at::Tensor cos, sin;  ///< (T, d), float32
};

/// `positions`: float32 (T), on the device of the tensor to rotate.
Rotation rotation(const RotaryOptions& options, const at::Tensor& positions);

/// x (..., T, d), rotated by position; `rotation` has x's type or float32.
at::Tensor rotate(const at::Tensor& x, const Rotation& rotation);

}  // namespace earshot::kit
