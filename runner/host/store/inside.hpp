#pragma once
#include "host/store/store.hpp"

namespace earshot::host {

/// What the read models of this room ask with. Other rooms see neither it nor any SQL:
/// tests/layering looks for both.
const Connection& connection_of(const Store& store);

}  // namespace earshot::host
