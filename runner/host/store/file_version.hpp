#pragma once
#include <cstdint>

#include "host/store/store.hpp"

// For readers that keep a results file open while others write it.

namespace earshot::host {

/// Differs from the number before if another connection has committed to the file meanwhile.
/// Takes microseconds. Other connections to the same file give other numbers.
std::int64_t file_version(const Store& store);

/// Makes what another thread reads through this Store right now fail with a Failure
/// (store_unusable). Does nothing if nothing is read.
void interrupt_reading(const Store& store);

}  // namespace earshot::host
