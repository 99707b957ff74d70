#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include <lib/models/rotary.hpp>

// What a layer computes, differentiable in all tensors but rotations and targets. In float32 on the
// CPU each is one pass over memory forward and one backward; elsewhere LibTorch's own operations.

namespace llama {

/// x (N, in) by weight (out, in) and bias (out), which may be undefined: (N, out).
at::Tensor product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias = {});

/// weight x / sqrt(mean(x^2) + epsilon), along the last dimension (Zhang and Sennrich 2019, "Root
/// Mean Square Layer Normalization").
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon);

/// The first `turned` heads of x (N, heads, d) as kit::rotate() has them, the others as they are.
at::Tensor rotate_heads(const at::Tensor& x, const earshot::kit::Rotation& rotation,
                        std::int64_t turned);

/// silu(gate) up of x (N, 2 F), which is gate and up side by side (Shazeer 2020, "GLU Variants
/// Improve Transformer", SwiGLU): (N, F).
at::Tensor gated(const at::Tensor& x);

/// log softmax(x head^T)[targets]: natural logarithms, float32 (N), of x (N, width), head (V,
/// width) and targets int64 (N). The logits of a few rows are in memory at once.
at::Tensor target_log_prob(const at::Tensor& x, const at::Tensor& head, const at::Tensor& targets);

/// work(x), which is computed a second time when gradients are: what it computes on the way is not
/// kept in memory (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"). Draws the
/// same random numbers of LibTorch's both times.
/// @param parameters leaves that `work` uses, which get gradients
at::Tensor recomputed(const std::function<at::Tensor(const at::Tensor&)>& work, const at::Tensor& x,
                      const std::vector<at::Tensor>& parameters);

}  // namespace llama
