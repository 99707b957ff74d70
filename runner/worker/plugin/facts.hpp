#pragma once
#include "protocol/components.hpp"
#include "worker/plugin/library.hpp"

namespace earshot::worker {

/// What only a constructed object knows: an encoder's needs and specs, an evaluator's uses and
/// metrics. @throws ContractError if the object breaks a rule written beside the type.
protocol::Facts facts(const ComponentInstance& made);

}  // namespace earshot::worker
