#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/base/failure.hpp"

namespace earshot::host {

/// A cell that ended otherwise than ok.
struct CellFailure {
  std::string label{}, key{}, state{}, error{}, log{};
};

/// How an invocation ended. Every expected cell is in one of ok, failed, skipped and unfinished.
struct Summary {
  std::int64_t expected = 0;    ///< cells of the plan that are neither excluded nor left out
  std::int64_t ok = 0;          ///< now or before
  std::int64_t cached = 0;      ///< of these, before
  std::int64_t elsewhere = 0;   ///< of the ok ones, done by another runner meanwhile
  std::int64_t failed = 0;      ///< failed, timeout, oom, killed or lost after the last attempt
  std::int64_t skipped = 0;     ///< missing weights or data, or not supported
  std::int64_t unfinished = 0;  ///< not begun or not ended, after a signal or the circuit breaker
  std::int64_t attempts = 0;    ///< runs begun
  double seconds = 0;
  int signal = 0;                       ///< SIGINT or SIGTERM, when that ended it
  std::vector<CellFailure> failures{};  ///< in the order in which they ended
  std::map<std::string, int> parked{};  ///< why the circuit breaker opened -> cells not begun

  ExitCode exit_code() const;

  /// Adds what was done after this, on other cells of the same experiment.
  Summary& operator+=(const Summary& later);
};

}  // namespace earshot::host
