#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/base/worker_process.hpp"
#include "host/schedule/attempt.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A worker and its job. Collects the messages of the worker until its request has ended.
class Slot {
 public:
  explicit Slot(const WorkerOptions& options) : worker_(options) {}

  bool busy() const { return job_.has_value(); }
  /// Whether it may get another job.
  bool usable() const { return !closed_ && !asked_to_stop_ && !killed_; }
  std::size_t job() const { return *job_; }
  Job::Kind kind() const { return kind_; }
  bool wide() const { return wide_; }

  /// Sends the request; `run` is given for cells.
  void begin(std::size_t index, const Job& job, const JobRequest& request,
             std::optional<BegunRun> run, AttemptLog log);

  /// Reads what has arrived, without blocking, and checks the limits of time and memory.
  /// @returns how the job ended, as soon as it has
  std::optional<Ending> advance();

  /// Sends SIGTERM, upon which the worker saves what it can and ends its request early.
  void ask_to_stop();
  /// Ends the process; `state` becomes the state of the attempt.
  void kill(const std::string& state, const std::string& error);

  /// The file descriptors to poll; -1 for none.
  int fd() const { return closed_ ? -1 : worker_.fd(); }
  int output_fd() const { return output_open_ ? worker_.output_fd() : -1; }

  const std::optional<BegunRun>& run() const { return run_; }
  /// What has arrived so far: predictions, metrics, curves, artifacts.
  RunRecord& record() { return record_; }
  const std::vector<protocol::ItemRow>& items() const { return items_; }
  /// What each encoder of a pass has done so far; empty before the first shard.
  const protocol::event::Spent& spent() const { return spent_; }
  /// Points of curves that earlier calls have not returned.
  std::span<const CurveRow> fresh_points();
  AttemptLog& log() { return *log_; }
  double seconds() const { return seconds_since(started_); }
  std::int64_t done() const { return done_; }
  std::int64_t total() const { return total_; }
  double rate() const;  ///< done() per second; 0 while unknown
  /// The last point of a training: that of its loss, if it has such a curve.
  const std::optional<CurveRow>& point() const { return point_; }
  const std::string& doing() const { return doing_; }  ///< the stage that the worker has reported

  /// Closes the log and frees the slot for the next job.
  void release();

 private:
  void read_output();
  std::optional<Ending> take(protocol::Message message);
  void on_event(const protocol::event::Progress& progress);
  void on_event(const protocol::event::Stage& stage);
  void on_event(const protocol::event::Curve& curve);
  void on_event(const protocol::event::Artifact& artifact);
  void on_event(const protocol::event::Warning& warning);
  void on_event(const protocol::event::Predictions& predictions);
  void on_event(const protocol::event::Metric& metric);
  void on_event(const protocol::event::Items& some);
  void on_event(const protocol::event::Spent& spent);
  void take_point(CurveRow point);
  std::optional<Ending> worker_ended();
  void check_limits();
  Ending answered(const protocol::Done& done);
  Ending answered(const protocol::Failed& failed);
  std::string error_text(const std::string& message);

  WorkerProcess worker_;
  bool closed_ = false, output_open_ = true, asked_to_stop_ = false;
  std::optional<Ending> killed_{};  ///< why kill() ended it
  Clock::time_point closed_at_{}, checked_memory_{};

  std::optional<std::size_t> job_{};
  Job::Kind kind_ = Job::Kind::cell;
  bool wide_ = false;
  double timeout_ = 0;
  std::int64_t memory_ = 0, request_ = 0;
  std::optional<BegunRun> run_{};
  std::optional<AttemptLog> log_{};
  RunRecord record_{};
  JobResult (*read_result_)(const Json& result) = nullptr;  ///< for the verb of the request
  std::vector<protocol::ItemRow> items_{};
  Clock::time_point started_{}, stage_started_{};
  std::int64_t done_ = 0, total_ = 0, first_done_ = -1;
  Clock::time_point first_progress_{};
  std::size_t returned_points_ = 0;
  std::optional<CurveRow> point_{};
  protocol::event::Spent spent_{};
  std::string doing_{};
};

/// The workers of an invocation, each in a slot. They are started when needed, and get further jobs
/// as long as they live.
class Workers {
 public:
  /// @param prefix see WorkerOptions::prefix
  explicit Workers(std::vector<std::string> prefix) { options_.prefix = std::move(prefix); }

  /// A slot that can take a job; starts a new worker if all are busy.
  Slot& idle();
  std::int64_t busy() const;
  bool runs_wide() const;  ///< whether a wide job is running

  /// Calls `act(slot)` for all slots that are busy.
  template <class Act>
  void for_busy(Act&& act) const {
    for (const auto& slot : slots_)
      if (slot->busy()) act(*slot);
  }

  /// Waits until a worker has sent something or this descriptor is readable, for at most 50 ms.
  void wait(int descriptor) const;
  /// Reads from all workers, and calls `finish(slot, ending)` for each job that has ended; `finish`
  /// must call Slot::release(). Workers that are gone are dropped.
  template <class Finish>
  void advance(Finish&& finish) {
    for (auto& slot : slots_)
      if (auto ending = slot->advance()) finish(*slot, std::move(*ending));
    std::erase_if(slots_, [](const auto& slot) { return !slot->busy() && !slot->usable(); });
  }

 private:
  WorkerOptions options_{};
  std::vector<std::unique_ptr<Slot>> slots_{};
};

}  // namespace earshot::host
