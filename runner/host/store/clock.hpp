#pragma once
#include <chrono>
#include <cstdint>

namespace earshot::host {

/// Milliseconds since 1970, in UTC.
inline std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace earshot::host
