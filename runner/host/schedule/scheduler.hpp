#pragma once
#include "host/schedule/run_counts.hpp"

namespace earshot::host {

/// Runs the cells of a plan that are to run. Workers get their jobs, at most `jobs` narrow ones in
/// parallel or a single wide one; every result is a transaction of the store. Crashes, timeouts and
/// excessive use of memory are retried up to Resources::attempts times, each in a new worker and as
/// a run of its own; typed errors are not. A worker in which a request has left threads or
/// processes gets no further request. A shared job that fails also fails the cells that wait for
/// it, once. After SIGINT, SIGTERM or SIGHUP nothing new begins, and running cells have 10 s to
/// end; a second signal ends them at once.
///
/// The plan must have been recorded in the store. The calling thread must be the main thread.
///
/// Points at which base::fault_point can end the process, in addition to those of the store:
/// schedule.begun (the row of a run exists and its worker has been asked) and schedule.spooled (a
/// worker is done, but nothing is recorded).
/// @throws Failure (store_unusable): workers are ended, and what was committed is kept.
Summary execute(const Plan& plan, Store& store, const RunSettings& settings, Progress& progress);

}  // namespace earshot::host
