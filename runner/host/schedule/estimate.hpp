#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "host/plan/plan.hpp"
#include "host/schedule/progress.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

/// How long the rest will take: for each task the mean of what its cells took in this invocation,
/// or else of past runs of tasks of that name.
class Estimate {
 public:
  Estimate(const Plan& plan, const Store& store);

  void cell_took(const PlannedCell& cell, double seconds) {
    now_[cell.cell.task.label].add(seconds);
  }
  void pass_took(double seconds) { passes_.add(seconds); }

  /// Seconds of `cells` cells, `at_once` of them at a time, and of `passes` passes over audio, of
  /// which the first has run for `pass_seconds` and shows in `state`; negative while unknown.
  double remaining(const ProgressState& state, std::int64_t cells, std::int64_t at_once,
                   std::int64_t passes, double pass_seconds) const;

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
  Mean passes_{};
};

}  // namespace earshot::host
