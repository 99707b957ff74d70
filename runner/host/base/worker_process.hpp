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
  int code = 0;    ///< exit status; 0 when a signal ended it
  int signal = 0;  ///< 0 when it ended by itself
  std::string text()
      const;  ///< "was killed by signal 11 (Segmentation fault)", "ended with status 1"
};

/// The machine has no room for another worker now: processes, descriptors or memory.
struct WorkerShortage : Failure {
  explicit WorkerShortage(const std::string& message) : Failure(ExitCode::cells_not_ok, message) {}
};

struct WorkerOptions {
  /// Words put in front of the worker: {"gdb", "--args"}. With a prefix the worker keeps the
  /// runner's terminal and process group, so that a debugger can be typed to.
  std::vector<std::string> prefix{};
  std::vector<std::string> environment{};  ///< "NAME=value", replacing the runner's own
};

/// An `earshot-worker` of the runner's. Spawned, never forked; the leader of its own process group;
/// killed by the system when the thread that spawned it ends, so spawn from the main thread. What
/// it started ends with it, even what has left its group. The hub's token is not in its
/// environment.
///
/// For a poll loop: when fd() is readable call receive(), then next() until it gives nothing; when
/// output_fd() is readable call read_output(). receive() false or read_output() at its end alone
/// do not show its state: reap it with exit() or wait().
///
/// For one question after the other: ask() in ask.hpp.
class WorkerProcess {
 public:
  /// @throws Failure (usage) if there is no worker program, or the prefix cannot be run;
  /// WorkerShortage when the machine gives no process or descriptor, after some seconds of trying.
  explicit WorkerProcess(const WorkerOptions& options = {});
  /// Kills the group and reaps.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  pid_t pid() const { return pid_; }

  /// Sends one request; the worker must be idle, so that it reads. Blocks only while a request of
  /// more than some 200 KB is taken. @returns false if the worker is gone.
  bool send(const protocol::Message& message);

  int fd() const { return channel_; }
  /// Takes what has arrived, without blocking. @returns false when the worker has closed its end.
  /// @throws ProtocolError
  bool receive();
  /// The next message after the worker's hello. @throws ProtocolError: it speaks another version.
  std::optional<protocol::Message> next();
  /// What the worker said of itself; protocol 0 before that arrived.
  const protocol::Hello& hello() const { return hello_; }

  /// Its stdout and stderr; -1 with a prefix.
  int output_fd() const { return output_; }
  /// What has been printed since, without blocking; nothing at the end.
  std::optional<std::string> read_output();

  /// Sends a signal to the worker and all that it started. Nothing when it is reaped already.
  void kill(int signal);
  /// How it ended, without blocking; nothing while it runs.
  std::optional<WorkerExit> exit();
  /// Blocks until it has ended. Call kill(SIGKILL) or close_input() before.
  WorkerExit wait();
  /// An idle worker ends by itself then.
  void close_input();

  /// What a request left running in it ("2 threads"), as its answer says: it should answer no other
  /// one, which a late crash would hit. "" for nothing.
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
