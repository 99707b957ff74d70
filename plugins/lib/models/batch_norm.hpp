#pragma once
#include <cstdint>
#include <string>

#include <lib/models/parameters.hpp>

namespace earshot::kit {

/// Batch norm as PyTorch's BatchNorm1d and BatchNorm2d with their defaults: epsilon 1e-5, and
/// running statistics that move by a tenth with each batch. In a training by several processes each
/// uses the statistics of its own clips, as PyTorch does unless they are synchronised.
class BatchNorm {
 public:
  BatchNorm() = default;
  /// Declares <name>.weight, .bias, .running_mean and .running_var, each (width).
  BatchNorm(std::int64_t width, Parameters& parameters, const std::string& name);

  /// @param x  (N, width) or (N, width, ...)
  /// @param training  with the statistics of `x`, with which the running ones are updated; more
  /// than one value for each of the width. Otherwise with the running statistics.
  at::Tensor operator()(const at::Tensor& x, bool training) const;

  /// Whether a tensor of this name is a running statistic, which no gradient reaches.
  static bool is_statistic(const std::string& name);
  /// @throws ConfigError for a batch of one clip, which has no variance to train with.
  static void check_clips(std::int64_t clips);

 private:
  at::Tensor weight_{}, bias_{}, mean_{}, variance_{};
};

}  // namespace earshot::kit
