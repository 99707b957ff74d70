#pragma once
#include <iosfwd>

#include "protocol/json.hpp"

namespace earshot::host {

/// Writes what a constructed component says of itself (`Facts` in protocol/components.hpp) for
/// people: a line for each fact, and a table of an evaluator's metrics. What is unset is left out.
///
///     needs: 16000 Hz, 1 channel, at most 7 s (of more the first)
///     spec: dim 64, 100 frames a second
void print_facts(std::ostream& out, const protocol::Json& facts);

}  // namespace earshot::host
