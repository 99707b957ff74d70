#pragma once
#include <ATen/core/Tensor.h>

// Activations (B, C, T) with the channels of a position beside each other in memory, as rows (B, T,
// C): the layout in which oneDNN's convolutions and products are fastest on a CPU, and a stride is
// a view. Shapes stay (B, C, T), only the strides tell.

namespace earshot::kit {

/// Whether `x` lies so, and may be computed on so: float32 on the CPU, without gradients.
bool lies_by_rows(const at::Tensor& x);

/// `x` in that layout where it may be; else `x` itself.
at::Tensor by_rows(const at::Tensor& x);

/// Memory for (B, C, T), in the layout of `like`.
at::Tensor empty_like(const at::Tensor& like, std::int64_t channels, std::int64_t positions);

/// The same memory as (B, C, 1, T), of the format that LibTorch calls channels-last.
at::Tensor as_image(const at::Tensor& x);

}  // namespace earshot::kit
