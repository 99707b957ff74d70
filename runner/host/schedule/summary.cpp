#include "host/schedule/summary.hpp"

#include <csignal>

namespace earshot::host {

ExitCode Summary::exit_code() const {
  if (signal == SIGTERM) return ExitCode::terminated;
  if (signal != 0) return ExitCode::interrupted;
  return ok == expected ? ExitCode::ok : ExitCode::cells_not_ok;
}

Summary& Summary::operator+=(const Summary& later) {
  expected += later.expected;
  ok += later.ok;
  cached += later.cached;
  elsewhere += later.elsewhere;
  failed += later.failed;
  skipped += later.skipped;
  unfinished += later.unfinished;
  attempts += later.attempts;
  seconds += later.seconds;
  signal = later.signal;
  failures.insert(failures.end(), later.failures.begin(), later.failures.end());
  for (const auto& [reason, cells] : later.parked)
    parked[reason] += cells;
  return *this;
}

}  // namespace earshot::host
