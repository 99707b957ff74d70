#pragma once
#include "host/store/store.hpp"

namespace earshot::host {

/// The connection, for read models of this folder. Other folders use neither it nor SQL, which
/// tests/layering checks.
const Connection& connection_of(const Store& store);

}  // namespace earshot::host
