#pragma once
#include "host/experiment/experiment.hpp"

namespace earshot::host {

/// Checks the encoders that `reader` names in `from`, as a table has it or a cell uses it: each
/// must be defined, and none may read a reader that it is read by. Does nothing for other
/// components.
/// @throws Failure (usage) where `from` is written: with the nearest name, or the path of the
/// cycle.
void check_sources(const Experiment& experiment, const Component& reader);

}  // namespace earshot::host
