#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include <lib/models/rotary.hpp>

// The operations of a layer, differentiable in all tensors except rotations and targets. In float32
// on the CPU, each takes one pass over memory forward and one backward; elsewhere they use
// LibTorch's own operations.

namespace llama {

/// x (N, in) by weight (out, in) and bias (out), which may be undefined: (N, out).
at::Tensor product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias = {});

/// weight x / sqrt(mean(x^2) + epsilon), along the last dimension (Zhang and Sennrich 2019, "Root
/// Mean Square Layer Normalization").
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon);

/// Rotates the first `turned` heads of x (N, heads, d) like kit::rotate(), and leaves the others
/// unchanged.
at::Tensor rotate_heads(const at::Tensor& x, const earshot::kit::Rotation& rotation,
                        std::int64_t turned);

/// silu(gate) up of x (N, 2 F), which holds gate and up next to each other (Shazeer 2020, "GLU
/// Variants Improve Transformer", SwiGLU): (N, F).
at::Tensor gated(const at::Tensor& x);

/// log softmax(x head^T)[targets]: natural logarithms, float32 (N), for x (N, width), head (V,
/// width) and targets int64 (N). Only the logits of a few rows are in memory at once.
at::Tensor target_log_prob(const at::Tensor& x, const at::Tensor& head, const at::Tensor& targets);

/// work(x), computed a second time for gradients: intermediate results are not kept in memory (Chen
/// et al. 2016, "Training Deep Nets with Sublinear Memory Cost"). Draws the same random numbers
/// from LibTorch's generator both times.
/// @param parameters leaves used by `work`, which receive gradients
at::Tensor recomputed(const std::function<at::Tensor(const at::Tensor&)>& work, const at::Tensor& x,
                      const std::vector<at::Tensor>& parameters);

}  // namespace llama
