#include <memory>
#include <mutex>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

#include "operations.hpp"

namespace llama {

namespace {

using at::Tensor;
using torch::autograd::variable_list;
using Work = std::function<Tensor(const Tensor&)>;

/// Reads, and later restores, the state of LibTorch's generator for a device.
Tensor random_state(c10::Device device) {
  auto generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard<std::mutex> lock(generator.mutex());
  return generator.get_state();
}

void set_random_state(c10::Device device, const Tensor& state) {
  auto generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(state);
}

struct Recompute : torch::autograd::Node {
  variable_list apply(variable_list&& gradients) override {
    const c10::AutoGradMode with_gradients(true);
    const auto here = input.detach().set_requires_grad(input.requires_grad());
    const auto now = random_state(input.device());
    set_random_state(input.device(), random);
    const auto result = work(here);
    set_random_state(input.device(), now);

    std::vector<std::size_t> wanted;
    variable_list inputs;
    for (std::size_t i = 0; i < 1 + parameters.size(); ++i)
      if (task_should_compute_output(i)) {
        wanted.push_back(i);
        inputs.push_back(i == 0 ? here : parameters[i - 1]);
      }
    auto found = torch::autograd::grad({result}, inputs, {gradients[0]}, std::nullopt, false,
                                       /*allow_unused=*/true);
    variable_list all(1 + parameters.size());
    for (std::size_t i = 0; i < wanted.size(); ++i)
      all[wanted[i]] = std::move(found[i]);
    return all;
  }
  void release_variables() override {
    input.reset();
    work = nullptr;
  }

  Work work{};
  Tensor input{}, random{};
  std::vector<Tensor> parameters{};
};

}  // namespace

Tensor recomputed(const Work& work, const Tensor& x, const std::vector<Tensor>& parameters) {
  variable_list sources{x};
  sources.insert(sources.end(), parameters.begin(), parameters.end());
  if (!c10::GradMode::is_enabled() || !torch::autograd::any_variable_requires_grad(sources))
    return work(x);
  const auto node = std::make_shared<Recompute>();
  node->set_next_edges(torch::autograd::collect_next_edges(sources));
  node->work = work;
  node->input = x;
  node->random = random_state(x.device());
  node->parameters = parameters;
  Tensor result;
  {
    const c10::NoGradGuard no_gradient;
    result = work(x);
  }
  torch::autograd::set_history(result, node);
  return result;
}

}  // namespace llama
