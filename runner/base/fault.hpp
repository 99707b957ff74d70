#pragma once
#include <string_view>

namespace earshot::base {

/// A named point at which a test may kill this process: with EARSHOT_FAULT=name:N in the
/// environment, the N-th arrival at `name` raises SIGKILL. Otherwise it does nothing.
void fault_point(std::string_view name);

}  // namespace earshot::base
