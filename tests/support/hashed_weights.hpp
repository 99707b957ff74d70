#pragma once
#include <cmath>
#include <cstdint>
#include <string>

#include <ATen/ATen.h>

namespace earshot::testing {

/// FNV-1a with 32 bits.
inline std::uint32_t fnv1a32(const std::string& text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

/// Value `index` (row-major) of a tensor whose numbers are a hash of its name, between -1 and 1:
/// for fixtures of models whose weights are too large to be stored (README of fixtures/training).
inline double hashed_value(std::uint32_t name, std::uint32_t index) {
  auto u = index * 2654435761U + name * 2246822519U;
  u ^= u >> 15U;
  u *= 2246822519U;
  u ^= u >> 13U;
  u *= 3266489917U;
  u ^= u >> 16U;
  constexpr double two_to_the_32 = 4294967296.0;
  return (u / two_to_the_32 - 0.5) * 2;
}

/// Fills a float32 tensor of a model as these fixtures do: scales follow from its name and shape.
inline void fill_with_hash(const std::string& name, const at::Tensor& tensor) {
  const auto ends = [&](const char* end) { return name.ends_with(end); };
  double offset = 0, scale = 0.05;  // of biases and running means
  if (tensor.dim() > 1)
    scale = std::sqrt(3.0 / static_cast<double>(tensor[0].numel()));
  else if (ends("running_var"))
    offset = 1, scale = 0.5;
  else if (!ends(".bias") && !ends("running_mean"))
    offset = 1, scale = 0.15;
  const auto key = fnv1a32(name);
  auto* value = tensor.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i)
    value[i] =
        static_cast<float>(offset + scale * hashed_value(key, static_cast<std::uint32_t>(i)));
}

}  // namespace earshot::testing
