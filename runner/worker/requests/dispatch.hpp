#pragma once
#include "protocol/frame.hpp"

namespace earshot::worker {

/// Does what a request asks and sends its answer: `done`, or `failed` with the kind of the error.
/// Nothing that a plugin throws gets past it.
void answer(const protocol::Message& request, protocol::Channel& channel);

}  // namespace earshot::worker
