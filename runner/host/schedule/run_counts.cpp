#include "host/schedule/run_counts.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include "host/store/stage_costs.hpp"

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
  for (const auto& [reason, cells] : later.not_begun)
    not_begun[reason] += cells;
  return *this;
}

Estimate::Estimate(const Plan& plan, const Store& store) {
  for (const auto& cell : plan.cells)
    if (cell.decision == Decision::run) ++cells_[cell.cell.task.label];
  if (cells_.empty()) return;
  for (const auto& [task, cost] : costs_by_task(store))
    past_[task] = {cost.seconds, cost.runs};
}

double Estimate::seconds_per_cell() const {
  Mean all;
  for (const auto& [task, mean] : now_) {
    all.sum += mean.sum;
    all.count += mean.count;
  }
  double sum = 0;
  std::int64_t cells = 0;
  for (const auto& [task, count] : cells_) {
    auto mean = all;
    if (const auto known = past_.find(task); known != past_.end()) mean = known->second;
    if (const auto known = now_.find(task); known != now_.end()) mean = known->second;
    if (mean.count == 0) continue;
    sum += static_cast<double>(count) * mean.sum / static_cast<double>(mean.count);
    cells += count;
  }
  return cells > 0 ? sum / static_cast<double>(cells) : -1;
}

double Estimate::remaining(std::int64_t cells, std::int64_t at_once,
                           const std::map<Job::Kind, Stages>& stages,
                           std::int64_t stages_at_once) const {
  const auto beside = [](std::int64_t jobs, std::int64_t most) {
    return static_cast<double>(std::max<std::int64_t>(1, std::min(jobs, most)));
  };
  double stage_seconds = 0;
  std::int64_t stages_left = 0;
  for (const auto& [kind, some] : stages) {
    if (some.left <= 0) continue;
    double each = some.projected;
    if (const auto known = stages_.find(kind); known != stages_.end())
      each = known->second.sum / static_cast<double>(known->second.count);
    if (each < 0) return -1;
    stage_seconds += std::max(0.0, each * static_cast<double>(some.left) - some.running_seconds);
    stages_left += some.left;
  }
  const auto per_cell = seconds_per_cell();
  if (cells > 0 && per_cell < 0 && stages_left == 0) return -1;
  return std::max(0.0, per_cell) * static_cast<double>(cells) / beside(cells, at_once) +
         stage_seconds / beside(stages_left, stages_at_once);
}

RunCounts::RunCounts(const Plan& plan, const Store& store, Progress& progress, std::int64_t at_once)
    : plan_(plan),
      progress_(progress),
      estimate_(plan, store),
      at_once_(at_once),
      stages_at_once_(plan.experiment.resources.threads == 1 ? at_once : 1) {
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

void RunCounts::begins(const Job& cell, std::int64_t attempt) {
  count_attempt();
  progress_.event({{"event", "cell_started"},
                   {"cell", cell.name},
                   {"key", plan_.cells[cell.cell].key},
                   {"attempt", attempt}});
}

void RunCounts::ends(const Job& job, const EndedAttempt& attempt) {
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
  if (!stages_left_.contains(job.kind)) return;
  estimate_.stage_took(job.kind, attempt.seconds);
  if (!attempt.again) --stages_left_[job.kind];
}

void RunCounts::ok(const PlannedCell& cell, double seconds) {
  ++summary_.ok;
  --cells_left_;
  estimate_.cell_took(cell, seconds);
}

void RunCounts::warn(const Job& cell, const std::vector<std::string>& warnings) {
  for (const auto& warning : warnings)
    if (shown_warnings_.insert(warning).second)
      progress_.note("warning  " + cell.name + ": " + warning + "; 'runner status " +
                     plan_.experiment.name + "' lists all cells");
}

void RunCounts::ok_elsewhere() {
  ++summary_.ok;
  ++summary_.elsewhere;
  --cells_left_;
}

void RunCounts::not_begun(const std::string& reason) {
  if (summary_.not_begun[reason]++ == 0)
    progress_.note("skipping the remaining cells of " + reason + ". Fix it and run again");
  ++summary_.unfinished;
  --cells_left_;
}

void RunCounts::failed(const Job& cell, const Ending& ending, const std::string& log,
                       bool interrupted) {
  ++(ending.state == "skipped" ? summary_.skipped
     : interrupted             ? summary_.unfinished
                               : summary_.failed);
  summary_.failures.push_back(
      {cell.name, plan_.cells[cell.cell].key, ending.state, ending.error, log});
  --cells_left_;
}

void RunCounts::tick(const Workers& workers) {
  ProgressState state;
  state.total = total_;
  state.done = total_ - cells_left_;
  state.failed = summary_.failed;
  state.elapsed = seconds_since(started_);
  std::map<Job::Kind, Estimate::Stages> stages;
  for (const auto& [kind, left] : stages_left_)
    stages[kind].left = left;
  double longest = -1;
  workers.for_busy([&](const Slot& slot) {
    ++state.running;
    if (const auto some = stages.find(slot.kind()); some != stages.end()) {
      some->second.running_seconds += slot.seconds();
      if (slot.done() > 0)
        some->second.projected =
            slot.seconds() * static_cast<double>(slot.total()) / static_cast<double>(slot.done());
    }
    if (slot.seconds() <= longest) return;
    longest = slot.seconds();
    state.stage = slot.doing();
    state.stage_done = slot.done();
    state.stage_total = slot.total();
    state.stage_rate = slot.rate();
    state.curve = slot.point() ? slot.point()->curve : "";
    state.curve_value = slot.point() ? slot.point()->value : 0;
  });
  state.remaining = estimate_.remaining(cells_left_, at_once_, stages, stages_at_once_);
  progress_.tick(state);
}

Summary RunCounts::close(int signal) {
  summary_.unfinished += std::exchange(cells_left_, 0);
  summary_.seconds = seconds_since(started_);
  summary_.signal = signal;
  progress_.finish();
  return std::move(summary_);
}

}  // namespace earshot::host
