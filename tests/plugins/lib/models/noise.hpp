#pragma once
#include <cstdint>

#include <ATen/ATen.h>

#include <earshot/kit/random.hpp>

/// Normal random numbers, the same for the same seed.
inline at::Tensor noise(at::IntArrayRef shape, std::uint64_t seed) {
  auto tensor = at::empty(shape, at::kFloat);
  earshot::kit::Random random(seed);
  for (std::int64_t i = 0; i < tensor.numel(); ++i)
    tensor.mutable_data_ptr<float>()[i] = static_cast<float>(random.normal());
  return tensor;
}

/// The largest absolute difference.
inline double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}
