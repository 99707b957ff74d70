#include <ATen/core/grad_mode.h>

#include <earshot/component.hpp>

namespace earshot {

Stateful::~Stateful() = default;

State Stateful::state() const {
  return {};
}

void Stateful::load_state(const State& state) {
  if (!state.tensors.empty())
    throw DataError("state has tensor '" + state.tensors.begin()->first +
                    "'; this component has no state");
}

Trainable::~Trainable() = default;

void Trainable::train(bool) {}

State Trainable::state() const {
  State state;
  for (const auto& [name, tensor] : parameters())
    state.tensors.emplace(name, tensor.detach());
  return state;
}

void Trainable::load_state(const State& state) {
  const at::NoGradGuard no_grad;
  std::size_t taken = 0;
  for (auto& [name, tensor] : parameters()) {
    const auto found = state.tensors.find(name);
    if (found == state.tensors.end()) throw DataError("state lacks tensor '" + name + "'");
    if (found->second.sizes() != tensor.sizes())
      throw DataError("tensor '" + name + "' of the state is " + c10::str(found->second.sizes()) +
                      "; expected " + c10::str(tensor.sizes()));
    at::Tensor target = tensor;
    target.copy_(found->second);
    ++taken;
  }
  if (taken != state.tensors.size())
    throw DataError("state has " + std::to_string(state.tensors.size()) + " tensors; expected " +
                    std::to_string(taken));
}

}  // namespace earshot
