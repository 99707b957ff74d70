#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/base/failure.hpp"
#include "host/schedule/progress.hpp"
#include "host/schedule/workers.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

/// A cell that did not end ok.
struct CellFailure {
  std::string label{}, key{}, state{}, error{}, log{};
};

/// How an invocation ended. Every expected cell is in one of ok, failed, skipped and unfinished.
struct Summary {
  std::int64_t expected = 0;   ///< cells of the plan that are neither excluded nor left out
  std::int64_t ok = 0;         ///< in this invocation or before
  std::int64_t cached = 0;     ///< those that were ok before
  std::int64_t elsewhere = 0;  ///< those that another runner has done meanwhile
  std::int64_t failed = 0;     ///< failed, timeout, oom, killed or lost after the last attempt
  std::int64_t skipped = 0;    ///< missing weights or data, or not supported
  /// Not begun or not ended, because of a signal or the circuit breaker.
  std::int64_t unfinished = 0;
  std::int64_t attempts = 0;  ///< runs that were begun
  double seconds = 0;
  int signal = 0;                          ///< SIGINT or SIGTERM, if that ended it; otherwise 0
  std::vector<CellFailure> failures{};     ///< in the order in which they ended
  std::map<std::string, int> not_begun{};  ///< why the circuit breaker opened -> cells not begun

  ExitCode exit_code() const;

  /// Adds what was done later, with other cells of the same experiment.
  Summary& operator+=(const Summary& later);
};

/// Estimates how long the rest will take, from the mean duration of each task's cells in this
/// invocation, or else of past runs of tasks with that name; and of trainings and passes over audio
/// in this invocation, or else from the progress of the one that runs.
class Estimate {
 public:
  /// Stages of one kind, trainings or passes, that are not done.
  struct Stages {
    std::int64_t left = 0;
    double running_seconds = 0;  ///< of those that run, together
    double projected = -1;       ///< seconds that one of them will have taken; negative if unknown
  };

  Estimate(const Plan& plan, const Store& store);

  void cell_took(const PlannedCell& cell, double seconds) {
    now_[cell.cell.task.label].add(seconds);
  }
  void stage_took(Job::Kind kind, double seconds) { stages_[kind].add(seconds); }

  /// Seconds that `cells` cells take, `at_once` in parallel, and the stages, `stages_at_once` in
  /// parallel; negative while unknown.
  double remaining(std::int64_t cells, std::int64_t at_once,
                   const std::map<Job::Kind, Stages>& stages, std::int64_t stages_at_once) const;

 private:
  struct Mean {
    double sum = 0;
    std::int64_t count = 0;
    void add(double value) {
      sum += value;
      ++count;
    }
  };
  double seconds_per_cell() const;

  std::map<std::string, std::int64_t> cells_{};  ///< to run, by task
  std::map<std::string, Mean> past_{}, now_{};
  std::map<Job::Kind, Mean> stages_{};
};

/// Counts and shows how the cells of an invocation end.
class RunCounts {
 public:
  /// @param at_once how many cells run in parallel
  RunCounts(const Plan& plan, const Store& store, Progress& progress, std::int64_t at_once);

  std::int64_t cells_left() const { return cells_left_; }  ///< to run, and not yet ended for good

  /// Adds trainings or passes over the audio of a dataset to those still to do.
  void add_stages(Job::Kind kind, std::int64_t stages) { stages_left_[kind] += stages; }

  void begins(const Job& cell, std::int64_t attempt);
  void ends(const Job& job, const EndedAttempt& attempt);
  void count_attempt() { ++summary_.attempts; }  ///< one that failed before it began

  /// Shows the warnings of an ok run, each sentence only once in an invocation.
  void warn(const Job& cell, const std::vector<std::string>& warnings);

  // Each of these is the end of one cell.
  void ok(const PlannedCell& cell, double seconds);
  void ok_elsewhere();
  void not_begun(const std::string& reason);
  /// @param interrupted whether a signal ended it: then it counts as unfinished, not as failed
  void failed(const Job& cell, const Ending& ending, const std::string& log, bool interrupted);

  /// Shows the progress of the invocation.
  void tick(const Workers& workers);
  /// The final counts; cells that have not ended are unfinished.
  /// @param signal the one that ended the invocation, or 0
  Summary close(int signal);

 private:
  const Plan& plan_;
  Progress& progress_;
  Estimate estimate_;
  std::int64_t at_once_, stages_at_once_, total_ = 0, cells_left_ = 0;
  std::map<Job::Kind, std::int64_t> stages_left_{};
  Summary summary_{};
  std::set<std::string> shown_warnings_{};
  Clock::time_point started_ = Clock::now();
};

}  // namespace earshot::host
