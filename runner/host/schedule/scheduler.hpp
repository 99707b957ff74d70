#pragma once
#include "host/schedule/run_counts.hpp"

namespace earshot::host {

/// Runs the cells of a plan that are to run: their jobs go to workers, at most `jobs` narrow ones
/// at once or one wide one alone; every result is a transaction of the store. Crashes, timeouts and
/// memory blow-ups are tried again up to Resources::attempts, in a new worker and as a run of their
/// own; an error with a type is not. A worker in which a request has left threads or processes
/// gets no other one. A failed shared job fails the cells that wait for it, once.
/// SIGINT, SIGTERM or SIGHUP: nothing new begins, running cells get 10 s; a second one ends them at
/// once.
///
/// Its plan must have been recorded in the store. The calling thread must be the main thread.
///
/// Moments at which base::fault_point can end the process, besides the store's:
/// schedule.begun (a run row is there, its worker has been asked) and schedule.spooled (a worker is
/// done, nothing is recorded).
/// @throws Failure (store_unusable): workers are ended, what was committed stays.
Summary execute(const Plan& plan, Store& store, const RunSettings& settings, Progress& progress);

}  // namespace earshot::host
