#pragma once
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/base/worker_process.hpp"
#include "host/schedule/attempt_log.hpp"
#include "host/schedule/ending.hpp"
#include "host/schedule/jobs.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A run that is under way: its row, and which attempt at its cell it is.
struct BegunRun {
  std::int64_t id = 0, attempt = 1;
};

/// A worker and what it is doing. Collects what the worker says until its request has ended.
class Slot {
 public:
  explicit Slot(const WorkerOptions& options) : worker_(options) {}

  bool busy() const { return job_.has_value(); }
  bool usable() const { return !closed_ && !asked_to_stop_ && !killed_; }  ///< may take another job
  std::size_t job() const { return *job_; }
  bool wide() const { return wide_; }

  /// Sends the request; `run` is the run of a cell.
  void begin(std::size_t index, const Job& job, const JobRequest& request,
             std::optional<BegunRun> run, AttemptLog log);

  /// Reads what has arrived without blocking, checks the clock and memory.
  /// @returns how the job ended, once it has
  std::optional<Ending> advance();

  /// SIGTERM: the worker saves what it can and ends its request early.
  void ask_to_stop();
  /// Ends the process; the attempt's state becomes `state`.
  void kill(const std::string& state, const std::string& error);

  /// The file descriptors to poll; -1 for none.
  int fd() const { return closed_ ? -1 : worker_.fd(); }
  int output_fd() const { return output_open_ ? worker_.output_fd() : -1; }

  const std::optional<BegunRun>& run() const { return run_; }
  RunRecord& record() { return record_; }  ///< the spool: predictions, metrics, curves, artifacts
  const std::vector<protocol::ItemRow>& items() const { return items_; }
  /// What each encoder of a pass has done so far; nothing before the first shard.
  const protocol::event::Spent& spent() const { return spent_; }
  /// Points of curves that this has not returned before.
  std::span<const CurveRow> fresh_points();
  AttemptLog& log() { return *log_; }
  double seconds() const { return seconds_since(started_); }
  std::int64_t done() const { return done_; }
  std::int64_t total() const { return total_; }
  double rate() const;  ///< of done(), a second; 0 while it is not known
  /// The last point of a training: of its loss, if it has such a curve.
  const std::optional<CurveRow>& point() const { return point_; }
  const std::string& doing() const { return doing_; }  ///< what the worker says it is at

  /// Closes the log and is free for the next job.
  void release();

 private:
  void read_output();
  std::optional<Ending> take(protocol::Message message);
  void hear(const protocol::event::Progress& progress);
  void hear(const protocol::event::Stage& stage);
  void hear(const protocol::event::Curve& curve);
  void hear(const protocol::event::Artifact& artifact);
  void hear(const protocol::event::Warning& warning);
  void hear(const protocol::event::Predictions& predictions);
  void hear(const protocol::event::Metric& metric);
  void hear(const protocol::event::Items& some);
  void hear(const protocol::event::Spent& spent);
  void take_point(CurveRow point);
  std::optional<Ending> died();
  void check_limits();
  Ending answered(const protocol::Done& done);
  Ending answered(const protocol::Failed& failed);
  std::string error_text(const std::string& message);

  WorkerProcess worker_;
  bool closed_ = false, output_open_ = true, asked_to_stop_ = false;
  std::optional<Ending> killed_{};  ///< why it was killed by us
  Clock::time_point closed_at_{}, checked_memory_{};

  std::optional<std::size_t> job_{};
  bool wide_ = false;
  double timeout_ = 0;
  std::int64_t memory_ = 0, request_ = 0;
  std::optional<BegunRun> run_{};
  std::optional<AttemptLog> log_{};
  RunRecord record_{};
  JobResult (*read_result_)(const Json& result) = nullptr;  ///< of the verb that was asked
  std::vector<protocol::ItemRow> items_{};
  Clock::time_point started_{}, stage_started_{};
  std::int64_t done_ = 0, total_ = 0, first_done_ = -1;
  Clock::time_point first_progress_{};
  std::size_t told_points_ = 0;
  std::optional<CurveRow> point_{};
  protocol::event::Spent spent_{};
  std::string doing_{};
};

}  // namespace earshot::host
