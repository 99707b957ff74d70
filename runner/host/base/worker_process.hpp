#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <sys/types.h>

#include "host/base/failure.hpp"
#include "protocol/answers.hpp"
#include "protocol/frame.hpp"

namespace earshot::host {

using protocol::Json;

/// How a process ended.
struct WorkerExit {
  int code = 0;    ///< exit status; 0 if a signal ended it
  int signal = 0;  ///< 0 if it exited
  std::string text()
      const;  ///< "was killed by signal 11 (Segmentation fault)", "ended with status 1"
};

/// The machine currently lacks the resources for another worker: processes, descriptors or memory.
struct WorkerShortage : Failure {
  explicit WorkerShortage(const std::string& message) : Failure(ExitCode::cells_not_ok, message) {}
};

struct WorkerOptions {
  /// Command put in front of the worker: {"gdb", "--args"}. With a prefix, the worker keeps the
  /// runner's terminal and process group, so that one can type into a debugger.
  std::vector<std::string> prefix{};
  std::vector<std::string> environment{};  ///< "NAME=value", overriding the runner's own
};

/// A child process that runs `earshot-worker`. Spawned, never forked; the leader of its own process
/// group; killed by the system when the thread that spawned it ends, so spawn from the main thread.
/// All processes that it started end with it, even those that have left its group. The hub's token
/// is not in its environment.
///
/// For a poll loop: when fd() is readable call receive(), then next() until it returns nullopt;
/// when output_fd() is readable call read_output(). A false receive() or the end of read_output()
/// alone do not tell its state: reap it with exit() or wait().
///
/// For one request at a time: ask() in ask.hpp.
class WorkerProcess {
 public:
  /// @throws Failure (usage) if the worker program is missing, or the prefix cannot be run;
  /// WorkerShortage if the machine provides no process or descriptor within a few seconds of
  /// retrying.
  explicit WorkerProcess(const WorkerOptions& options = {});
  /// Kills the process group and reaps the worker.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  pid_t pid() const { return pid_; }

  /// Sends one request; the worker must be idle, so that it reads. Blocks only while the worker
  /// takes in a request of more than about 200 KB. @returns false if the worker is gone.
  bool send(const protocol::Message& message);

  int fd() const { return channel_; }
  /// Reads what has arrived, without blocking. @returns false if the worker has closed its end.
  /// @throws ProtocolError
  bool receive();
  /// The next message after the worker's hello. @throws ProtocolError if the worker speaks another
  /// version.
  std::optional<protocol::Message> next();
  /// The worker's hello; its `protocol` is 0 until it has arrived.
  const protocol::Hello& hello() const { return hello_; }

  /// Its stdout and stderr; -1 with a prefix.
  int output_fd() const { return output_; }
  /// What has been printed since the last call, without blocking; nullopt at the end.
  std::optional<std::string> read_output();

  /// Sends a signal to the worker and all that it started. Does nothing once it is reaped.
  void kill(int signal);
  /// How it ended, without blocking; nullopt while it runs.
  std::optional<WorkerExit> exit();
  /// Blocks until it has ended. Call kill(SIGKILL) or close_input() first.
  WorkerExit wait();
  /// Closes its input, upon which an idle worker exits.
  void close_input();

  /// What a request left running in the worker ("2 threads"), according to its answer: do not send
  /// it another request, which a late crash could hit. "" for nothing.
  const std::string& leftovers() const { return leftovers_; }
  void note_leftovers(const std::string& what) {
    if (!what.empty()) leftovers_ = what;
  }

 private:
  static std::set<pid_t>& running();

  std::string leftovers_{};
  bool own_group_ = true;
  pid_t pid_ = -1;
  int channel_ = -1, output_ = -1;
  protocol::FrameReader reader_;
  protocol::Hello hello_{.protocol = 0};
  std::optional<WorkerExit> exit_;
};

}  // namespace earshot::host
