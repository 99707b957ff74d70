#include <set>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <lib/models/stored_tensors.hpp>

#include <earshot/error.hpp>

namespace earshot::kit {

State state_of(const NamedTensors& tensors) {
  State state;
  for (const auto& [name, tensor] : tensors)
    state.tensors.emplace(name, tensor.detach());
  return state;
}

void load_tensors(const State& state, const NamedTensors& tensors) {
  const at::NoGradGuard no_grad;
  std::set<std::string> known;
  for (const auto& [name, tensor] : tensors) {
    known.insert(name);
    const auto found = state.tensors.find(name);
    if (found == state.tensors.end()) throw DataError("state lacks tensor '" + name + "'");
    if (found->second.sizes() != tensor.sizes())
      throw DataError("tensor '" + name + "' of the state is " + c10::str(found->second.sizes()) +
                      "; expected " + c10::str(tensor.sizes()));
  }
  for (const auto& [name, tensor] : state.tensors)
    if (!known.contains(name))
      throw DataError("state has tensor '" + name + "', which this component lacks");
  for (const auto& [name, tensor] : tensors) {
    auto target = tensor;
    target.copy_(state.tensors.at(name));
  }
}

}  // namespace earshot::kit
