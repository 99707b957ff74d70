#pragma once
#include "protocol/components.hpp"
#include "worker/plugin/library.hpp"

namespace earshot::worker {

/// The facts that only a constructed object knows: an encoder's needs and specs, an evaluator's
/// uses and metrics. @throws ContractError if the object breaks a rule documented at its type.
protocol::Facts facts(const ComponentInstance& made);

}  // namespace earshot::worker
