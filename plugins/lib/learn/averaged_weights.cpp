#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <lib/learn/averaged_weights.hpp>
#include <lib/learn/state_parts.hpp>

namespace earshot::kit {

AveragedWeights::AveragedWeights(double decay, const State& start)
    : decay_(decay), average_(copy_of(start)) {}

void AveragedWeights::update(const State& now) {
  const at::NoGradGuard no_grad;
  average_.text = now.text;
  for (const auto& [name, value] : now.tensors) {
    auto& average = average_.tensors[name];
    if (average.defined() && value.is_floating_point() && average.sizes() == value.sizes())
      average.mul_(decay_).add_(value.detach() * (1 - decay_));
    else
      average = value.detach().clone();
  }
}

}  // namespace earshot::kit
