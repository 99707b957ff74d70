#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/base/failure.hpp"
#include "host/schedule/jobs.hpp"
#include "host/schedule/progress.hpp"
#include "host/store/store.hpp"

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
};

/// Runs the cells of a plan that are to run: their jobs go to workers, at most `jobs` narrow ones
/// at once or one wide one alone; every result is a transaction of the store. Crashes, timeouts and
/// memory blow-ups are tried again up to Resources::attempts, in a new worker and as a run of their
/// own; an error with a type is not. A failed shared job fails the cells that wait for it, once.
/// SIGINT or SIGTERM: nothing new begins, running cells get 10 s; a second one ends them at once.
///
/// Its plan must have been recorded in the store. The calling thread must be the main thread.
///
/// Moments at which protocol::fault_point can end the process, besides the store's:
/// schedule.begun (a run row is there, its worker has been asked) and schedule.spooled (a worker is
/// done, nothing is recorded).
/// @throws Failure (store_unusable): workers are ended, what was committed stays.
Summary execute(const Plan& plan, Store& store, const RunSettings& settings, Progress& progress);

}  // namespace earshot::host
