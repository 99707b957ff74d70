#pragma once
#include <ATen/core/Tensor.h>

namespace earshot::kit {

enum class Activation { none, gelu };  ///< gelu by erf

/// activation(x weight^T + bias): (..., in) to (..., out). Where no gradient is asked for, float32
/// on the CPU is computed by oneDNN in one go, a fifth faster than LibTorch's own layers are; sums
/// may have another order than there.
at::Tensor dense(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias = {},
                 Activation activation = Activation::none);

/// `other` (..., out) and dense(x, weight, bias) added up, in one go where that is.
at::Tensor dense_add(const at::Tensor& other, const at::Tensor& x, const at::Tensor& weight,
                     const at::Tensor& bias = {});

}  // namespace earshot::kit
