#pragma once
#include <string>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <earshot/component.hpp>

namespace projections {

/// y = x W' + b, float32.
struct Layer {
  at::Tensor weight{};  ///< (out, in)
  at::Tensor bias{};    ///< (out); undefined: no bias

  /// Uniform in +-1 / sqrt(in), like torch.nn.Linear; drawn from LibTorch's default generator.
  static Layer fan_in(std::int64_t in, std::int64_t out, c10::Device device);
  /// Uniform in +-sqrt(6 / (in + out)), without bias (Glorot and Bengio 2010, "Understanding the
  /// difficulty of training deep feedforward neural networks").
  static Layer xavier(std::int64_t in, std::int64_t out, c10::Device device);

  at::Tensor operator()(const at::Tensor& x) const;
  /// Adds its tensors as <name>.weight and <name>.bias.
  void list(const std::string& name, earshot::NamedTensors& parameters) const;
};

}  // namespace projections
