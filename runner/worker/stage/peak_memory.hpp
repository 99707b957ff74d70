#pragma once
#include <cstdint>

namespace earshot::worker {

/// Resident memory of this process at its highest since reset_peak_memory(), or since it began; in
/// bytes. 0 where the system does not tell.
std::int64_t peak_memory();

/// Starts a new measurement, if the system allows it (Linux since 4.0).
void reset_peak_memory();

}  // namespace earshot::worker
