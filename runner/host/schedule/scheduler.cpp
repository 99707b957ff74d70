#include "host/schedule/scheduler.hpp"

#include <algorithm>
#include <csignal>
#include <memory>
#include <set>
#include <thread>

#include <poll.h>
#include <spdlog/spdlog.h>

#include "host/schedule/breaker.hpp"
#include "host/schedule/estimate.hpp"
#include "host/schedule/signals.hpp"
#include "host/schedule/slot.hpp"
#include "protocol/fault.hpp"
#include "protocol/hash.hpp"

namespace earshot::host {
namespace {

constexpr double grace_seconds = 10;       // of running cells after the first signal
constexpr double elsewhere_seconds = 0.5;  // between looks at cells that another runner has
constexpr int poll_milliseconds = 50;

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
        estimate_(plan, store),
        job_limit_(processors_unless(plan.experiment.resources.jobs)),
        threads_(processors_unless(plan.experiment.resources.threads)) {}

  Summary run() {
    count_plan();
    if (cells_left_ > 0) {
      prepare_jobs();
      loop();
    }
    summary_.seconds = seconds_since(started_);
    if (signals_.count() > 0) summary_.signal = signals_.last();
    progress_.finish();
    return std::move(summary_);
  }

 private:
  // --- What there is to do ---------------------------------------------------------------------

  void count_plan() {
    for (const auto& cell : plan_.cells) {
      if (cell.decision == Decision::excluded || cell.decision == Decision::left_out) continue;
      ++summary_.expected;
      if (cell.decision == Decision::cached) ++summary_.cached;
      if (cell.decision == Decision::skipped) ++summary_.skipped;
      if (cell.decision == Decision::run) ++cells_left_;
    }
    summary_.ok = summary_.cached;
    total_ = cells_left_;
  }

  void prepare_jobs() {
    std::set<std::string> with_items;
    for (const auto& [key, dataset] : plan_.datasets)
      if (store_.has_items(key)) with_items.insert(key);
    jobs_ = build_jobs(plan_, with_items);
    for (std::size_t index = 0; index < jobs_.size(); ++index)
      if (jobs_[index].waits_for == 0) enqueue(index);
    passes_left_ = std::count_if(jobs_.begin(), jobs_.end(),
                                 [](const auto& job) { return job.kind == Job::Kind::features; });
  }

  void enqueue(std::size_t index) {
    (jobs_[index].wide ? wide_ready_ : narrow_ready_).insert(index);
  }

  // --- The loop --------------------------------------------------------------------------------

  void loop() {
    for (;;) {
      heed_signals();
      if (!stopping_) {
        look_elsewhere();
        dispatch();
      }
      if (running() == 0 && (stopping_ || (ready() == 0 && elsewhere_.empty()))) break;
      tick();
      wait();
      for (auto& slot : slots_)
        if (auto ending = slot->advance()) finish(*slot, std::move(*ending));
      std::erase_if(slots_, [](const auto& slot) { return !slot->busy() && !slot->usable(); });
    }
    summary_.unfinished += cells_left_;
  }

  void heed_signals() {
    signals_.drain();
    if (signals_.count() > 0 && !stopping_) {
      stopping_ = true;
      stop_deadline_ = Clock::now() + std::chrono::seconds(static_cast<int>(grace_seconds));
      progress_.note(
          "interrupted: no new cells; running ones have 10 s. once more to end them now");
      for (auto& slot : slots_)
        if (slot->busy()) slot->ask_to_stop();
    }
    if (!stopping_ || (signals_.count() < 2 && Clock::now() < stop_deadline_)) return;
    for (auto& slot : slots_)
      if (slot->busy()) slot->kill("killed", "interrupted");
  }

  /// Narrow jobs fill the slots; a wide one begins when nothing runs and nothing narrow can.
  void dispatch() {
    while (!wide_running() && running() < job_limit_ && !narrow_ready_.empty())
      start(*narrow_ready_.begin());
    // Starting may fail cells at once, which frees no wide job that could not wait a turn.
    if (running() == 0 && narrow_ready_.empty() && !wide_ready_.empty())
      start(*wide_ready_.begin());
  }

  void wait() {
    std::vector<pollfd> fds{{signals_.fd(), POLLIN, 0}};
    for (const auto& slot : slots_)
      for (const int fd : {slot->fd(), slot->output_fd()})
        if (fd >= 0) fds.push_back({fd, POLLIN, 0});
    ::poll(fds.data(), fds.size(), poll_milliseconds);
  }

  std::int64_t running() const {
    return std::count_if(slots_.begin(), slots_.end(),
                         [](const auto& slot) { return slot->busy(); });
  }
  bool wide_running() const {
    return std::any_of(slots_.begin(), slots_.end(),
                       [](const auto& slot) { return slot->busy() && slot->wide(); });
  }
  std::size_t ready() const { return narrow_ready_.size() + wide_ready_.size(); }

  // --- Beginning -------------------------------------------------------------------------------

  void start(std::size_t index) {
    auto& job = jobs_[index];
    (job.wide ? wide_ready_ : narrow_ready_).erase(index);
    std::optional<std::int64_t> run;
    if (job.kind == Job::Kind::cell) {
      if (park(job)) return;
      run = store_.begin_run(plan_.cells[job.cell].key);
      if (!run) {
        elsewhere_.insert(index);
        return;
      }
      ++summary_.attempts;
    }
    ++job.attempts;
    const auto attempt = run ? attempt_of(*run) : job.attempts;
    auto& slot = free_slot();
    slot.begin(index, job, request_of(job, plan_, settings_, job.wide ? threads_ : 1), run,
               AttemptLog(log_file(job, attempt),
                          "earshot: " + job.name + ", attempt " + std::to_string(attempt)));
    spdlog::debug("{} begins, attempt {}", job.name, attempt);
    if (!run) return;
    progress_.event({{"event", "cell_started"},
                     {"cell", job.name},
                     {"key", plan_.cells[job.cell].key},
                     {"attempt", attempt}});
    protocol::fault_point("schedule.begun");
  }

  Slot& free_slot() {
    const auto found = std::find_if(slots_.begin(), slots_.end(), [](const auto& slot) {
      return !slot->busy() && slot->usable();
    });
    if (found != slots_.end()) return **found;
    WorkerOptions options;
    options.prefix = settings_.worker_prefix;
    return *slots_.emplace_back(std::make_unique<Slot>(options));
  }

  std::int64_t attempt_of(std::int64_t run) const {
    Statement attempt(store_.connection(), "SELECT attempt FROM run WHERE run_id = ?");
    attempt.bind_all(run);
    return attempt.step() ? attempt.integer(0) : 1;
  }

  std::filesystem::path log_file(const Job& job, std::int64_t attempt) const {
    const auto key = job.kind == Job::Kind::cell       ? plan_.cells[job.cell].key
                     : job.kind == Job::Kind::features ? job.features.front()
                                                       : job.dataset;
    const std::string prefix = job.kind == Job::Kind::cell       ? ""
                               : job.kind == Job::Kind::features ? "features-"
                                                                 : "items-";
    return settings_.beside("logs") / plan_.experiment.name /
           (prefix + key.substr(0, 8) + "-" + std::to_string(attempt) + ".log");
  }

  /// The circuit breaker: true if the cell is not to be begun any more.
  bool park(const Job& job) {
    const auto reason = breaker_.open(parts_of(plan_.cells[job.cell]));
    if (reason.empty()) return false;
    if (summary_.parked[reason]++ == 0)
      progress_.note("no more cells of " + reason + ". mend it and run again");
    ++summary_.unfinished;
    end_cell();
    return true;
  }

  /// Cells that another runner has claimed: done by now, or to be run here after all.
  void look_elsewhere() {
    if (elsewhere_.empty() || seconds_since(looked_elsewhere_) < elsewhere_seconds) return;
    looked_elsewhere_ = Clock::now();
    store_.bury_lost_runs();
    const auto waiting = std::exchange(elsewhere_, {});
    for (const auto index : waiting) {
      const auto& cell = plan_.cells[jobs_[index].cell];
      const auto [state, kind, error] = last_attempt(cell.key);
      if (state == "running") {
        elsewhere_.insert(index);
      } else if (state == "ok") {
        ++summary_.ok;
        ++summary_.elsewhere;
        end_cell();
      } else if (Ending{.state = state, .kind = kind}.worth_retrying() || state == "lost" ||
                 state == "killed") {
        enqueue(index);
      } else {
        count_failure(index, state, error, "");
      }
    }
  }

  struct Attempt {
    std::string state, kind, error;
  };
  Attempt last_attempt(const std::string& key) const {
    Statement last(store_.connection(),
                   "SELECT state, error_kind, error FROM run JOIN cell USING(cell_id) "
                   "WHERE key = ? ORDER BY attempt DESC LIMIT 1");
    last.bind_all(key);
    if (!last.step()) return {"lost", "", ""};
    return {last.text(0), last.text(1), last.text(2)};
  }

  // --- Ending ----------------------------------------------------------------------------------

  void finish(Slot& slot, Ending ending) {
    const auto index = slot.job();
    if (jobs_[index].kind == Job::Kind::cell) protocol::fault_point("schedule.spooled");
    if (stopping_ && ending.state != "ok")
      ending = {.state = "killed",
                .error = "interrupted",
                .exit_code = ending.exit_code,
                .signal = ending.signal};
    if (jobs_[index].kind == Job::Kind::cell && ending.state == "ok" &&
        !ending.result.value("complete", true))
      ending = {.state = "killed", .error = "interrupted; its state is saved"};
    const auto seconds = slot.seconds();
    const auto log = slot.log().file().string();
    if (!ending.error.empty()) slot.log().write("\n" + ending.state + ": " + ending.error + "\n");
    spdlog::debug("{} ends {} after {:.3f} s", jobs_[index].name, ending.state, seconds);
    switch (jobs_[index].kind) {
      case Job::Kind::items:
        finish_items(slot, ending);
        break;
      case Job::Kind::features:
        finish_features(slot, ending);
        break;
      case Job::Kind::cell:
        finish_cell(slot, ending);
        break;
    }
    // After a bug a worker may be in any state, its GPU context too.
    if (ending.kind == "bug" && slot.usable()) slot.kill("failed", "retired");
    slot.release();
    const bool again = !stopping_ && ending.worth_retrying() &&
                       jobs_[index].attempts < plan_.experiment.resources.attempts;
    settle(index, ending, again, seconds, log);
  }

  /// After an attempt is recorded: again, or done for good.
  void settle(std::size_t index, const Ending& ending, bool again, double seconds,
              const std::string& log) {
    const auto& job = jobs_[index];
    if (job.kind == Job::Kind::cell) {
      Json event{{"event", "cell_finished"},
                 {"cell", job.name},
                 {"key", plan_.cells[job.cell].key},
                 {"attempt", job.attempts},
                 {"state", ending.state},
                 {"seconds", seconds},
                 {"retry", again}};
      if (!ending.error.empty()) event["error"] = ending.error;
      progress_.event(event);
    } else {
      Json event{{"event", "stage"},
                 {"stage", job.kind == Job::Kind::items ? "items" : "features"},
                 {"name", job.name},
                 {"state", ending.state},
                 {"seconds", seconds}};
      if (!ending.error.empty()) event["error"] = ending.error;
      progress_.event(event);
    }
    if (!again && job.kind == Job::Kind::features) --passes_left_;
    if (again) {
      enqueue(index);
    } else if (job.kind == Job::Kind::cell) {
      settle_cell(index, ending, seconds, log);
    } else if (ending.state == "ok") {
      for (const auto dependant : job.dependants)
        if (--jobs_[dependant].waits_for == 0) enqueue(dependant);
    } else if (!stopping_) {
      settle_failed_stage(index, ending, log);
    }
  }

  void settle_cell(std::size_t index, const Ending& ending, double seconds,
                   const std::string& log) {
    const auto parts = parts_of(plan_.cells[jobs_[index].cell]);
    if (ending.state == "ok") {
      ++summary_.ok;
      breaker_.succeeded(parts);
      estimate_.cell_took(plan_.cells[jobs_[index].cell], seconds);
      end_cell();
      return;
    }
    if (!stopping_ && ending.state != "skipped") breaker_.failed(parts, ending.error);
    count_failure(index, ending.state, ending.error, log);
  }

  void count_failure(std::size_t index, const std::string& state, const std::string& error,
                     const std::string& log) {
    const auto& job = jobs_[index];
    ++(state == "skipped"               ? summary_.skipped
       : state == "killed" && stopping_ ? summary_.unfinished
                                        : summary_.failed);
    summary_.failures.push_back({job.name, plan_.cells[job.cell].key, state, error, log});
    end_cell();
  }

  void end_cell() { --cells_left_; }

  /// A shared job that failed for good. With several encoders in one pass, each is tried by itself,
  /// so that only the culprit's cells fail.
  void settle_failed_stage(std::size_t index, const Ending& ending, const std::string& log) {
    if (jobs_[index].features.size() > 1) {
      progress_.note(jobs_[index].name + ": " + ending.error + ". each encoder is now tried alone");
      const auto singles = split_features(jobs_, index, plan_);
      wide_ready_.insert(singles.begin(), singles.end());
      passes_left_ += static_cast<std::int64_t>(singles.size());
      return;
    }
    auto dependants = jobs_[index].dependants;
    std::sort(dependants.begin(), dependants.end());
    for (const auto dependant : dependants)
      fail_dependant(dependant, jobs_[index], ending, log);
  }

  void fail_dependant(std::size_t index, const Job& stage, const Ending& ending,
                      const std::string& log) {
    auto& job = jobs_[index];
    if (job.waits_for < 0) return;  // failed with another stage already
    job.waits_for = -1;
    const auto& cell = plan_.cells[job.cell];
    RunRecord record;
    record.state = ending.state;
    record.error_kind = ending.kind;
    record.error = stage.name + ": " + ending.error;
    record.log = log;
    record.exit_code = ending.exit_code;
    record.signal = ending.signal;
    record.stages = stage.features;
    if (const auto run = store_.begin_run(cell.key)) {
      ++summary_.attempts;
      store_.finish_run(*run, record);
    }
    progress_.event({{"event", "cell_finished"},
                     {"cell", job.name},
                     {"key", cell.key},
                     {"attempt", 1},
                     {"state", record.state},
                     {"seconds", 0},
                     {"error", record.error},
                     {"retry", false}});
    count_failure(index, record.state, record.error, log);
  }

  void finish_items(Slot& slot, const Ending& ending) {
    if (ending.state == "ok") store_.add_items(jobs_[slot.job()].dataset, slot.items());
  }

  void finish_features(Slot& slot, const Ending& ending) {
    const auto& job = jobs_[slot.job()];
    for (std::size_t i = 0; i < job.features.size(); ++i) {
      StageRecord stage;
      stage.key = job.features[i];
      stage.kind = "features";
      stage.state = ending.state == "skipped" ? "failed" : ending.state;
      stage.error = ending.error;
      stage.attempts = job.attempts;
      // The encoders of a pass share its time: each row has its part, so that rows add up.
      stage.seconds = slot.seconds() / static_cast<double>(job.features.size());
      if (ending.state == "ok") {
        stage.facts = ending.result.at("encoders").at(i);
        stage.bytes = stage.facts.value("bytes", std::int64_t{0});
      }
      // What was all in the cache cost nothing now; the row says what it did cost.
      const bool reused = ending.state == "ok" && stage.facts.value("computed", 0) == 0;
      if (!reused || !is_recorded(stage.key)) store_.record_stage(stage);
    }
    estimate_.pass_took(slot.seconds());
  }

  bool is_recorded(const std::string& stage) const {
    Statement row(store_.connection(), "SELECT 1 FROM stage WHERE key = ? AND state = 'ok'");
    row.bind_all(stage);
    return row.step();
  }

  void finish_cell(Slot& slot, const Ending& ending) {
    const auto& cell = plan_.cells[jobs_[slot.job()].cell];
    const auto peak = slot.record().result.peak_bytes;
    RunRecord record;
    if (ending.state == "ok") {
      record = std::move(slot.record());
      record.result = ending.result.get<protocol::CellResult>();
      for (auto& artifact : record.artifacts)
        describe(artifact);
    } else {
      record.result.peak_bytes = peak;
    }
    record.state = ending.state;
    record.error_kind = ending.kind;
    record.error = ending.error;
    record.exit_code = ending.exit_code;
    record.signal = ending.signal;
    record.log = slot.log().file().string();
    record.seconds = slot.seconds();
    if (cell.metrics) record.metric_specs = *cell.metrics;
    if (!cell.features.empty()) record.stages.push_back(cell.features);
    store_.finish_run(*slot.run(), record);
  }

  static void describe(ArtifactRow& artifact) {
    std::error_code missing;
    const auto bytes = std::filesystem::file_size(artifact.path, missing);
    if (missing) return;
    artifact.bytes = static_cast<std::int64_t>(bytes);
    artifact.sha256 = protocol::sha256_file(artifact.path);
  }

  // --- Showing ---------------------------------------------------------------------------------

  void tick() {
    ProgressState state;
    state.total = total_;
    state.done = total_ - cells_left_;
    state.failed = summary_.failed;
    state.elapsed = seconds_since(started_);
    double longest = -1, pass_seconds = 0;
    for (const auto& slot : slots_) {
      if (!slot->busy()) continue;
      ++state.running;
      if (slot->seconds() <= longest) continue;
      longest = slot->seconds();
      pass_seconds = slot->wide() ? longest : 0;
      state.stage = slot->doing();
      state.stage_done = slot->done();
      state.stage_total = slot->total();
    }
    state.remaining =
        estimate_.remaining(state, cells_left_, job_limit_, passes_left_, pass_seconds);
    progress_.tick(state);
  }

  const Plan& plan_;
  Store& store_;
  const RunSettings& settings_;
  Progress& progress_;
  Estimate estimate_;
  const std::int64_t job_limit_, threads_;
  SignalWatch signals_;
  CircuitBreaker breaker_;
  Jobs jobs_{};
  std::set<std::size_t> narrow_ready_{}, wide_ready_{}, elsewhere_{};
  std::vector<std::unique_ptr<Slot>> slots_{};
  Summary summary_{};
  std::int64_t total_ = 0, cells_left_ = 0, passes_left_ = 0;
  bool stopping_ = false;
  Clock::time_point started_ = Clock::now(), stop_deadline_{}, looked_elsewhere_{};
};

}  // namespace

ExitCode Summary::exit_code() const {
  if (signal == SIGTERM) return ExitCode::terminated;
  if (signal != 0) return ExitCode::interrupted;
  return ok == expected ? ExitCode::ok : ExitCode::cells_not_ok;
}

Summary execute(const Plan& plan, Store& store, const RunSettings& settings, Progress& progress) {
  return Scheduler(plan, store, settings, progress).run();
}

}  // namespace earshot::host
