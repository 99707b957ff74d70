#pragma once
#include <cstdint>

#include <earshot/options.hpp>

namespace earshot::kit {

/// The learning rate over the steps 0, 1, ..., as a factor of its maximum. With `start` and `floor`
/// at 0, as in transformers' get_*_schedule_with_warmup; with both, as the tokenizers of bsq-vit
/// are trained (LambdaWarmUpCosineScheduler).
struct Schedule {
  enum class Shape { constant, linear, cosine, inverse_root };
  Shape shape = Shape::constant;
  std::int64_t warm_up = 0;  ///< steps over which it rises linearly from `start` to 1
  std::int64_t steps = 0;  ///< after this many, warm-up included, linear and cosine are at `floor`
  double start = 0;        ///< factor of step 0, if there is a warm-up
  double floor = 0;        ///< of linear and cosine

  /// `schedule`, `warm_up`, `warm_up_from` and `floor`.
  static OptionSchema options();
  static Schedule from(const Options& options, std::int64_t steps);

  /// Factor of the learning rate at a step, 0 to 1. Inverse root: sqrt(s / (s + n)) at n steps
  /// after the warm-up of s steps; without one, s is 10,000, as in transformers.
  double factor(std::int64_t step) const;
};

}  // namespace earshot::kit
