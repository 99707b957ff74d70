#pragma once
#include <ATen/core/Tensor.h>

namespace earshot::kit {

/// x where x > 0, exp(x) - 1 elsewhere (Clevert et al. 2016, "Fast and Accurate Deep Network
/// Learning by Exponential Linear Units"). For float32 on the CPU several times as fast as
/// LibTorch's, which matters for the codecs: their narrow layers spend as much time in it as in
/// convolutions. The relative error of exp(x) - 1 is below 1e-6.
at::Tensor fast_elu(const at::Tensor& x);
at::Tensor& fast_elu_in_place(at::Tensor& x);
void fast_elu_into(const at::Tensor& x, at::Tensor& to);  ///< `to` has x's shape

}  // namespace earshot::kit
