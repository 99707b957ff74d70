#include "host/schedule/tally.hpp"

#include <sstream>
#include <utility>

namespace earshot::host {

Tally::Tally(const Plan& plan, const Store& store, Progress& progress, std::int64_t at_once)
    : plan_(plan), progress_(progress), estimate_(plan, store), at_once_(at_once) {
  for (const auto& cell : plan.cells) {
    if (cell.decision == Decision::excluded || cell.decision == Decision::left_out) continue;
    ++summary_.expected;
    if (cell.decision == Decision::cached) ++summary_.cached;
    if (cell.decision == Decision::skipped) ++summary_.skipped;
    if (cell.decision == Decision::run) ++total_;
  }
  summary_.ok = summary_.cached;
  cells_left_ = total_;
}

void Tally::begins(const Job& cell, std::int64_t attempt) {
  count_attempt();
  progress_.event({{"event", "cell_started"},
                   {"cell", cell.name},
                   {"key", plan_.cells[cell.cell].key},
                   {"attempt", attempt}});
}

void Tally::ends(const Job& job, const Attempt& attempt) {
  Json event{{"state", attempt.ending.state}, {"seconds", attempt.seconds}};
  if (!attempt.ending.error.empty()) event["error"] = attempt.ending.error;
  if (job.kind == Job::Kind::cell) {
    event["event"] = "cell_finished";
    event["cell"] = job.name;
    event["key"] = plan_.cells[job.cell].key;
    event["attempt"] = attempt.number;
    event["retry"] = attempt.again;
  } else {
    event["event"] = "stage";
    event["stage"] = job.kind == Job::Kind::items      ? "items"
                     : job.kind == Job::Kind::pretrain ? "pretrain"
                                                       : "features";
    event["name"] = job.name;
  }
  progress_.event(event);
  if (job.kind != Job::Kind::features) return;
  estimate_.pass_took(attempt.seconds);
  if (!attempt.again) --passes_left_;
}

void Tally::ok(const PlannedCell& cell, double seconds) {
  ++summary_.ok;
  --cells_left_;
  estimate_.cell_took(cell, seconds);
}

void Tally::warn(const Job& cell, const std::string& warnings) {
  std::istringstream lines(warnings);
  for (std::string line; std::getline(lines, line);)
    if (warned_.insert(line).second)
      progress_.note("warning  " + cell.name + ": " + line + "; 'runner status " +
                     plan_.experiment.name + "' lists all cells");
}

void Tally::ok_elsewhere() {
  ++summary_.ok;
  ++summary_.elsewhere;
  --cells_left_;
}

void Tally::park(const std::string& reason) {
  if (summary_.parked[reason]++ == 0)
    progress_.note("skipping the remaining cells of " + reason + ". Fix it and run again");
  ++summary_.unfinished;
  --cells_left_;
}

void Tally::failed(const Job& cell, const Ending& ending, const std::string& log,
                   bool interrupted) {
  ++(ending.state == "skipped" ? summary_.skipped
     : interrupted             ? summary_.unfinished
                               : summary_.failed);
  summary_.failures.push_back(
      {cell.name, plan_.cells[cell.cell].key, ending.state, ending.error, log});
  --cells_left_;
}

void Tally::tick(const Workers& workers) {
  ProgressState state;
  state.total = total_;
  state.done = total_ - cells_left_;
  state.failed = summary_.failed;
  state.elapsed = seconds_since(started_);
  double longest = -1, pass_seconds = 0;
  workers.for_busy([&](const Slot& slot) {
    ++state.running;
    if (slot.seconds() <= longest) return;
    longest = slot.seconds();
    pass_seconds = slot.wide() ? longest : 0;
    state.stage = slot.doing();
    state.stage_done = slot.done();
    state.stage_total = slot.total();
    state.stage_rate = slot.rate();
    state.curve = slot.point() ? slot.point()->curve : "";
    state.curve_value = slot.point() ? slot.point()->value : 0;
  });
  state.remaining = estimate_.remaining(state, cells_left_, at_once_, passes_left_, pass_seconds);
  progress_.tick(state);
}

Summary Tally::close(int signal) {
  summary_.unfinished += std::exchange(cells_left_, 0);
  summary_.seconds = seconds_since(started_);
  summary_.signal = signal;
  progress_.finish();
  return std::move(summary_);
}

}  // namespace earshot::host
