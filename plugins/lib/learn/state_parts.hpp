#pragma once
#include <string>

#include <earshot/component.hpp>

// A state that is made of the states of several objects.

namespace earshot::kit {

/// Takes the part of a state under a prefix, without it; and adds a part to a state.
State take_part(const State& state, const std::string& prefix);
void add_part(State& to, const std::string& prefix, const State& part);

/// A deep copy, detached.
State copy_of(const State& state);

/// A tensor of a state. @throws DataError naming it if it is missing or has another shape.
const at::Tensor& tensor_in(const State& state, const std::string& name, at::IntArrayRef shape);

}  // namespace earshot::kit
