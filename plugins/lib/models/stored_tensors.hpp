#pragma once
#include <earshot/component.hpp>

namespace earshot::kit {

/// The state() of a component that trains more than its parameters (running statistics, codebooks):
/// these tensors by name, without gradients.
State state_of(const NamedTensors& tensors);

/// Copies such a state into the tensors; nothing is changed unless everything fits.
/// @throws DataError naming what is missing, unexpected or of another shape.
void load_tensors(const State& state, const NamedTensors& tensors);

}  // namespace earshot::kit
