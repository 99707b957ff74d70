#pragma once
#include "host/experiment/experiment.hpp"

namespace earshot::host {

/// Checks the encoders that `reader` names in `from`, as a table has it or a cell uses it: each
/// must be defined, none may read a reader that it is read by, and all of them, with what they read
/// in turn, may be 100 at most. Does nothing for other components.
/// @throws Failure (usage) where `from` is written: with the nearest name, or the path of the
/// cycle.
void check_sources(const Experiment& experiment, const Component& reader);

}  // namespace earshot::host
