#include "layer.hpp"

#include <cmath>

#include <ATen/ATen.h>

namespace projections {

namespace {

at::Tensor uniform(at::IntArrayRef shape, double bound, c10::Device device) {
  return at::empty(shape, at::device(device)).uniform_(-bound, bound).requires_grad_();
}

}  // namespace

Layer Layer::fan_in(std::int64_t in, std::int64_t out, c10::Device device) {
  const auto bound = 1 / std::sqrt(static_cast<double>(in));
  auto weight = uniform({out, in}, bound, device);
  return {.weight = weight, .bias = uniform({out}, bound, device)};
}

Layer Layer::xavier(std::int64_t in, std::int64_t out, c10::Device device) {
  return {.weight = uniform({out, in}, std::sqrt(6 / static_cast<double>(in + out)), device)};
}

at::Tensor Layer::operator()(const at::Tensor& x) const {
  return at::linear(x, weight, bias);
}

void Layer::list(const std::string& name, earshot::NamedTensors& parameters) const {
  parameters.emplace_back(name + ".weight", weight);
  if (bias.defined()) parameters.emplace_back(name + ".bias", bias);
}

}  // namespace projections
