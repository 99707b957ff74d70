#include "host/schedule/scheduler.hpp"

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include <spdlog/spdlog.h>

#include "base/fault.hpp"
#include "host/base/plain_text.hpp"
#include "host/schedule/breaker.hpp"
#include "host/schedule/recorder.hpp"
#include "host/schedule/signals.hpp"
#include "host/store/refused_row.hpp"

namespace earshot::host {
namespace {

constexpr std::chrono::seconds grace{10};  // time for running cells after the first signal
constexpr double elsewhere_seconds = 0.5;  // between checks of cells that others have claimed
constexpr double watch_seconds = 2;        // between writes of the curves of trainings

std::int64_t processors_unless(std::int64_t count) {
  return count > 0 ? count : std::max<std::int64_t>(1, std::thread::hardware_concurrency());
}

class Scheduler {
 public:
  Scheduler(const Plan& plan, Store& store, const RunSettings& settings, Progress& progress)
      : plan_(plan),
        store_(store),
        settings_(settings),
        progress_(progress),
        job_limit_(processors_unless(plan.experiment.resources.jobs)),
        threads_(processors_unless(plan.experiment.resources.threads)),
        recorder_(plan, store),
        counts_(plan, store, progress, job_limit_),
        workers_(settings.worker_prefix) {}

  Summary run() {
    if (counts_.cells_left() > 0) {
      prepare_jobs();
      loop();
    }
    return counts_.close(signals_.last());
  }

 private:
  void prepare_jobs() {
    std::set<std::string> with_items;
    for (const auto& [key, dataset] : plan_.datasets)
      if (store_.has_items(key)) with_items.insert(key);
    jobs_ = build_jobs(plan_, with_items);
    for (std::size_t index = 0; index < jobs_.size(); ++index)
      if (jobs_[index].waits_for == 0) enqueue(index);
    for (const auto kind : {Job::Kind::pretrain, Job::Kind::features})
      counts_.add_stages(kind, std::count_if(jobs_.begin(), jobs_.end(),
                                             [&](const auto& job) { return job.kind == kind; }));
  }

  void enqueue(std::size_t index) {
    (jobs_[index].wide ? wide_ready_ : narrow_ready_).insert(index);
  }

  void loop() {
    for (;;) {
      handle_signals();
      if (!stopping_) {
        look_elsewhere();
        dispatch();
      }
      const bool idle = narrow_ready_.empty() && wide_ready_.empty() && elsewhere_.empty();
      if (workers_.busy() == 0 && (stopping_ || idle)) break;
      counts_.tick(workers_);
      workers_.wait(signals_.fd());
      workers_.advance([&](Slot& slot, Ending ending) { finish(slot, std::move(ending)); });
      watch();
    }
  }

  /// Writes curves only now and then, since every commit waits for the disk.
  void watch() {
    if (seconds_since(watched_) < watch_seconds) return;
    watched_ = Clock::now();
    workers_.for_busy([&](Slot& slot) { recorder_.watch(jobs_[slot.job()], slot); });
  }

  void handle_signals() {
    signals_.drain();
    if (signals_.count() > 0 && !stopping_) {
      stopping_ = true;
      stop_deadline_ = Clock::now() + grace;
      progress_.note(
          "interrupted: waiting up to 10 s for running cells. Press Ctrl-C again to stop them now");
      workers_.for_busy([](Slot& slot) { slot.ask_to_stop(); });
    }
    if (!stopping_ || (signals_.count() < 2 && Clock::now() < stop_deadline_)) return;
    workers_.for_busy([](Slot& slot) { slot.kill("killed", "interrupted"); });
  }

  /// Narrow jobs fill the slots; a wide one begins if nothing runs and no narrow job is ready.
  void dispatch() {
    while (!workers_.runs_wide() && workers_.busy() < job_limit_ && !narrow_ready_.empty())
      start(*narrow_ready_.begin());
    // If starting failed cells at once, wide jobs that became ready begin in the next round.
    if (workers_.busy() == 0 && narrow_ready_.empty() && !wide_ready_.empty())
      start(*wide_ready_.begin());
  }

  void start(std::size_t index) {
    auto& job = jobs_[index];
    (job.wide ? wide_ready_ : narrow_ready_).erase(index);
    std::optional<BegunRun> run;
    if (job.kind == Job::Kind::cell)
      if (const auto reason = breaker_.open(parts_of(plan_.cells[job.cell])); !reason.empty())
        return counts_.not_begun(reason);
    auto* slot = slot_for(index);
    if (slot == nullptr) return;
    if (job.kind == Job::Kind::cell) {
      run = recorder_.begin(plan_.cells[job.cell]);
      if (!run) {
        elsewhere_.insert(index);
        return;
      }
    }
    ++job.attempts;
    const auto attempt = run ? run->attempt : job.attempts;
    AttemptLog log(log_stem(job, plan_, settings_), attempt,
                   "earshot: " + job.name + ", attempt " + std::to_string(attempt));
    slot->begin(index, job, request_of(job, plan_, settings_, job.wide ? threads_ : 1), run,
                std::move(log));
    spdlog::debug("{} begins, attempt {}", job.name, attempt);
    if (!run) return;
    counts_.begins(job, attempt);
    base::fault_point("schedule.begun");
  }

  /// A worker for a job. If the machine has no resources for another worker, the existing ones go
  /// on and the job waits. @throws WorkerShortage if there are no workers at all
  Slot* slot_for(std::size_t index) {
    try {
      return &workers_.idle();
    } catch (const WorkerShortage& shortage) {
      if (workers_.busy() == 0) throw;
      job_limit_ = workers_.busy();
      progress_.note(std::string(shortage.what()) + ". From now on " + std::to_string(job_limit_) +
                     " in parallel");
      enqueue(index);
      return nullptr;
    }
  }

  /// Checks the cells that another runner has claimed: they are done, or must be run here after
  /// all.
  void look_elsewhere() {
    if (elsewhere_.empty() || seconds_since(looked_elsewhere_) < elsewhere_seconds) return;
    looked_elsewhere_ = Clock::now();
    store_.mark_lost_runs();
    for (const auto index : std::exchange(elsewhere_, {})) {
      const auto last = recorder_.last_attempt(plan_.cells[jobs_[index].cell]);
      if (last.state == "running")
        elsewhere_.insert(index);
      else if (last.state == "ok")
        counts_.ok_elsewhere();
      else if (last.worth_retrying() || last.state == "lost" || last.state == "killed")
        enqueue(index);
      else
        counts_.failed(jobs_[index], last, "", false);
    }
  }

  /// Records an attempt that has ended, frees its slot, and decides how to continue.
  void finish(Slot& slot, Ending ending) {
    const auto index = slot.job();
    const auto& job = jobs_[index];
    const bool is_cell = job.kind == Job::Kind::cell;
    if (is_cell) base::fault_point("schedule.spooled");
    if (stopping_ && ending.state != "ok")
      ending = {.state = "killed",
                .error = "interrupted",
                .exit_code = ending.exit_code,
                .signal = ending.signal};
    if (is_cell && ending.state == "ok" && !std::get<protocol::CellResult>(ending.result).complete)
      ending = {.state = "killed", .error = "interrupted; its state is saved"};
    const auto warnings = slot.record().warnings;
    record(job, slot, ending);
    EndedAttempt attempt{.number = slot.run() ? slot.run()->attempt : job.attempts,
                         .seconds = slot.seconds(),
                         .log = slot.log().file().string(),
                         .again = !stopping_ && ending.worth_retrying() &&
                                  job.attempts < plan_.experiment.resources.attempts};
    if (!ending.error.empty()) slot.log().write("\n" + ending.state + ": " + ending.error + "\n");
    spdlog::debug("{} ends {} after {:.3f} s", job.name, ending.state, attempt.seconds);
    if (is_cell && ending.state == "ok") counts_.warn(job, warnings);
    for (const auto& warning : ending.warnings)
      if (shown_warnings_.insert(warning).second) progress_.note("warning: " + warning);
    // After these, a worker and its GPU context may be in any state; and what a plugin left running
    // must not crash during another cell.
    if ((ending.kind == "bug" || ending.kind == "protocol" || !ending.leftovers.empty()) &&
        slot.usable())
      slot.kill("failed", "retired");
    slot.release();
    attempt.ending = std::move(ending);
    settle(index, attempt);
  }

  /// Records the attempt; as a failure if the tables do not allow what the worker has reported.
  void record(const Job& job, Slot& slot, Ending& ending) {
    try {
      recorder_.record(job, slot, ending);
    } catch (const RefusedRow& refused) {
      ending = {.state = "failed",
                .kind = "protocol",
                .error = short_text("the worker broke the protocol: what it reported cannot be "
                                    "stored: " +
                                    refused.detail())};
      recorder_.record(job, slot, ending);
    }
  }

  /// After an attempt is recorded: tries again, or ends the job for good.
  void settle(std::size_t index, const EndedAttempt& attempt) {
    const auto& job = jobs_[index];
    counts_.ends(job, attempt);
    if (attempt.again) {
      enqueue(index);
    } else if (job.kind == Job::Kind::cell) {
      settle_cell(job, attempt);
    } else if (attempt.ending.state == "ok") {
      for (const auto dependant : job.dependants)
        if (--jobs_[dependant].waits_for == 0) enqueue(dependant);
    } else if (!stopping_) {
      settle_failed_stage(index, attempt);
    }
  }

  void settle_cell(const Job& job, const EndedAttempt& attempt) {
    const auto& cell = plan_.cells[job.cell];
    const auto& ending = attempt.ending;
    if (ending.state == "ok") {
      breaker_.succeeded(parts_of(cell));
      counts_.ok(cell, attempt.seconds);
      return;
    }
    if (!stopping_ && ending.state != "skipped") breaker_.failed(parts_of(cell), ending);
    counts_.failed(job, ending, attempt.log, stopping_ && ending.state == "killed");
  }

  /// Ends a shared job that failed for good. If it had several encoders, each is then tried alone,
  /// so that only the cells of a failing encoder fail.
  void settle_failed_stage(std::size_t index, const EndedAttempt& attempt) {
    if (jobs_[index].features.size() > 1) {
      progress_.note(jobs_[index].name + ": " + attempt.ending.error +
                     ". Each encoder is now tried alone");
      const auto singles = split_features(jobs_, index, plan_);
      (jobs_[index].wide ? wide_ready_ : narrow_ready_).insert(singles.begin(), singles.end());
      counts_.add_stages(Job::Kind::features, static_cast<std::int64_t>(singles.size()));
      return;
    }
    std::set<std::size_t> waiting;
    add_waiting(jobs_[index], waiting);
    for (const auto dependant : waiting)
      fail_dependant(jobs_[dependant], jobs_[index], attempt);
  }

  /// Adds the jobs that wait for `job`, and those that wait for these.
  void add_waiting(const Job& job, std::set<std::size_t>& waiting) const {
    for (const auto dependant : job.dependants)
      if (waiting.insert(dependant).second) add_waiting(jobs_[dependant], waiting);
  }

  void fail_dependant(Job& job, const Job& stage, const EndedAttempt& of_stage) {
    if (job.waits_for < 0) return;  // another stage has failed it already
    job.waits_for = -1;
    if (job.kind == Job::Kind::features || job.kind == Job::Kind::pretrain)
      counts_.add_stages(job.kind, -1);
    if (job.kind != Job::Kind::cell) return;
    EndedAttempt attempt{.ending = of_stage.ending, .log = of_stage.log};
    attempt.ending.error = stage.name + ": " + of_stage.ending.error;
    if (const auto run = recorder_.begin(plan_.cells[job.cell])) {
      counts_.count_attempt();
      recorder_.record_failed_stage(*run, stage, attempt.ending, attempt.log);
      attempt.number = run->attempt;
    }
    counts_.ends(job, attempt);
    counts_.failed(job, attempt.ending, attempt.log, false);
  }

  const Plan& plan_;
  Store& store_;
  const RunSettings& settings_;
  Progress& progress_;
  std::int64_t job_limit_;
  const std::int64_t threads_;
  SignalWatch signals_;
  Recorder recorder_;
  RunCounts counts_;
  Workers workers_;
  CircuitBreaker breaker_;
  std::set<std::string> shown_warnings_{};
  Jobs jobs_{};
  std::set<std::size_t> narrow_ready_{}, wide_ready_{}, elsewhere_{};
  bool stopping_ = false;
  Clock::time_point stop_deadline_{}, looked_elsewhere_{}, watched_{};
};

}  // namespace

Summary execute(const Plan& plan, Store& store, const RunSettings& settings, Progress& progress) {
  return Scheduler(plan, store, settings, progress).run();
}

}  // namespace earshot::host
