#pragma once
#include <ATen/core/Tensor.h>

// Activations (B, C, T) stored with the channels of a position next to each other, as rows (B, T,
// C): the layout in which oneDNN's convolutions and products are fastest on a CPU, and in which a
// stride is a view. Shapes remain (B, C, T); only the strides show the layout.

namespace earshot::kit {

/// Whether `x` has this layout and may be computed in it: float32 on the CPU, without gradients.
bool lies_by_rows(const at::Tensor& x);

/// `x` in this layout if it may be computed in it; otherwise `x` itself.
at::Tensor by_rows(const at::Tensor& x);

/// Memory for (B, C, T), in the layout of `like`.
at::Tensor empty_like(const at::Tensor& like, std::int64_t channels, std::int64_t positions);

/// The same memory as (B, C, 1, T), of the format that LibTorch calls channels-last.
at::Tensor as_image(const at::Tensor& x);

}  // namespace earshot::kit
