#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <lib/learn/turn_sums.hpp>

namespace earshot::kit {

PartSums sums_of(const LossSum& loss) {
  PartSums sums{.loss = loss.sum.item<double>(),
                .weight = loss.weight,
                .examples = static_cast<double>(loss.examples)};
  for (const auto& [name, value] : loss.parts)
    sums.parts.emplace_back(name, value.item<double>() * loss.weight);
  return sums;
}

void add_up(const Communicator& processes, std::vector<PartSums>& parts,
            const NamedTensors& parameters) {
  if (processes.size() == 1) return;
  std::vector<double*> places;
  for (auto& part : parts) {
    places.insert(places.end(), {&part.loss, &part.weight, &part.examples});
    for (auto& [name, value] : part.parts)
      places.push_back(&value);
  }
  std::vector<double> numbers;
  for (const auto* place : places)
    numbers.push_back(*place);
  for (const auto& [name, parameter] : parameters)
    numbers.push_back(parameter.grad().defined() ? 1 : 0);
  numbers = processes.sums_of(std::move(numbers));
  auto next = numbers.cbegin();
  for (auto* place : places)
    *place = *next++;
  std::vector<at::Tensor> gradients;
  for (const auto& [name, parameter] : parameters) {
    if (*next++ == 0) continue;
    const at::NoGradGuard no_grad;
    if (!parameter.grad().defined()) parameter.mutable_grad() = at::zeros_like(parameter.detach());
    gradients.push_back(parameter.grad());
  }
  processes.sum(gradients);
}

}  // namespace earshot::kit
