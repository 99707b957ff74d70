#pragma once
#include <earshot/component.hpp>

namespace earshot::kit {

/// Exponential moving average of all that a model learns, buffers such as running statistics
/// included: after each step, average = decay * average + (1 - decay) * value, from the first step
/// on and without bias correction, with the operations of timm's ModelEmaV2. Unlike there, what is
/// not floating (counts, indices) is copied: an average of such values means nothing.
class AveragedWeights {
 public:
  /// @param start  the state before the first step, which the average begins with
  AveragedWeights(double decay, const State& start);

  void update(const State& now);

  /// To be loaded by the model, or stored and given to the constructor as `start`.
  const State& state() const { return average_; }

 private:
  double decay_;
  State average_;
};

}  // namespace earshot::kit
