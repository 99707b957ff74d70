#pragma once
#include "protocol/frame.hpp"

namespace earshot::worker {

/// Does what a request asks and sends its answer: `done`, or `failed` with the kind of the error.
/// Nothing that a plugin throws gets past it. Beside result or error the answer has, where there
/// are any, `warnings`, a list of sentences, and `leftovers`: what still runs or cannot be put
/// back, so that this process should get no other request.
void answer(const protocol::Message& request, protocol::Channel& channel);

}  // namespace earshot::worker
