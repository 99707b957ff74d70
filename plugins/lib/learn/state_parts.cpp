#include <ATen/ATen.h>

#include <lib/learn/state_parts.hpp>

namespace earshot::kit {

State take_part(const State& state, const std::string& prefix) {
  State part;
  for (const auto& [name, tensor] : state.tensors)
    if (name.starts_with(prefix)) part.tensors.emplace(name.substr(prefix.size()), tensor);
  for (const auto& [name, text] : state.text)
    if (name.starts_with(prefix)) part.text.emplace(name.substr(prefix.size()), text);
  return part;
}

void add_part(State& to, const std::string& prefix, const State& part) {
  for (const auto& [name, tensor] : part.tensors)
    to.tensors[prefix + name] = tensor;
  for (const auto& [name, text] : part.text)
    to.text[prefix + name] = text;
}

State copy_of(const State& state) {
  State result{.tensors = {}, .text = state.text};
  for (const auto& [name, tensor] : state.tensors)
    result.tensors.emplace(name, tensor.detach().clone());
  return result;
}

const at::Tensor& tensor_in(const State& state, const std::string& name, at::IntArrayRef shape) {
  const auto found = state.tensors.find(name);
  if (found == state.tensors.end()) throw DataError("state lacks tensor '" + name + "'");
  if (found->second.sizes() != shape)
    throw DataError("tensor '" + name + "' of the state is " + c10::str(found->second.sizes()) +
                    "; expected " + c10::str(shape));
  return found->second;
}

}  // namespace earshot::kit
