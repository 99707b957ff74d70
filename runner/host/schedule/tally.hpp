#pragma once
#include <cstdint>
#include <set>
#include <string>

#include "host/schedule/estimate.hpp"
#include "host/schedule/jobs.hpp"
#include "host/schedule/progress.hpp"
#include "host/schedule/slot.hpp"
#include "host/schedule/summary.hpp"
#include "host/schedule/workers.hpp"

namespace earshot::host {

/// An attempt at a job that is over.
struct Attempt {
  std::int64_t number = 1;  ///< of its cell, earlier invocations included
  Ending ending{};
  double seconds = 0;
  std::string log{};
  bool again = false;  ///< another one follows
};

/// Counts what becomes of the cells of an invocation, and shows it as it happens.
class Tally {
 public:
  /// @param at_once how many cells run beside each other
  Tally(const Plan& plan, const Store& store, Progress& progress, std::int64_t at_once);

  std::int64_t cells_left() const { return cells_left_; }  ///< to run, and not done for good

  /// Passes over the audio of a dataset that there are to do besides those known before.
  void add_passes(std::int64_t passes) { passes_left_ += passes; }

  void begins(const Job& cell, std::int64_t attempt);
  void ends(const Job& job, const Attempt& attempt);
  void count_attempt() { ++summary_.attempts; }  ///< that failed before it began

  /// What a run that is ok was warned of, a line each: every sentence is shown once.
  void warn(const Job& cell, const std::string& warnings);

  // Each of these is the end of one cell.
  void ok(const PlannedCell& cell, double seconds);
  void ok_elsewhere();
  void park(const std::string& reason);
  /// @param interrupted it was ended for a signal: it is not failed, but unfinished
  void failed(const Job& cell, const Ending& ending, const std::string& log, bool interrupted);

  /// Shows the progress of the invocation.
  void tick(const Workers& workers);
  /// What it came to: cells that have not ended are unfinished. @param signal that ended it, or 0
  Summary close(int signal);

 private:
  const Plan& plan_;
  Progress& progress_;
  Estimate estimate_;
  std::int64_t at_once_, total_ = 0, cells_left_ = 0, passes_left_ = 0;
  Summary summary_{};
  std::set<std::string> warned_{};
  Clock::time_point started_ = Clock::now();
};

}  // namespace earshot::host
