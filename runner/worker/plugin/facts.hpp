#pragma once
#include "protocol/json.hpp"
#include "worker/plugin/library.hpp"

namespace earshot::worker {

/// What only a constructed object knows, in the form that the answer to `resolve` documents
/// (protocol/messages.hpp): an encoder's needs and specs, an evaluator's uses and metrics.
/// @throws ContractError if the object breaks a rule written beside the type.
protocol::Json facts(const Made& made);

}  // namespace earshot::worker
