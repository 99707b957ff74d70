#include "host/schedule/signals.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace earshot::host {
namespace {

// A signal handler reaches only what is global and async-signal-safe.
volatile std::sig_atomic_t signals_seen = 0, last_signal = 0;
int wake_pipe[2] = {-1, -1};

void on_signal(int signal) {
  const int saved = errno;
  signals_seen = signals_seen + 1;
  last_signal = signal == SIGHUP ? SIGTERM : signal;  // a closed session ends a run cleanly
  const char byte = 1;
  [[maybe_unused]] const auto written = write(wake_pipe[1], &byte, 1);
  errno = saved;
}

}  // namespace

SignalWatch::SignalWatch() {
  if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe2");
  signals_seen = 0;
  last_signal = 0;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &old_int_);
  sigaction(SIGTERM, &action, &old_term_);
  sigaction(SIGHUP, nullptr, &old_hangup_);
  // It was ignored before: the process was started with nohup(1).
  if (old_hangup_.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
  action.sa_handler = SIG_IGN;  // writing to a dead worker must give an error, not end this process
  sigaction(SIGPIPE, &action, &old_pipe_);
}

SignalWatch::~SignalWatch() {
  sigaction(SIGINT, &old_int_, nullptr);
  sigaction(SIGTERM, &old_term_, nullptr);
  sigaction(SIGHUP, &old_hangup_, nullptr);
  sigaction(SIGPIPE, &old_pipe_, nullptr);
  close(wake_pipe[0]);
  close(wake_pipe[1]);
}

int SignalWatch::fd() const {
  return wake_pipe[0];
}

void SignalWatch::drain() const {
  std::array<char, 64> bytes;
  while (read(wake_pipe[0], bytes.data(), bytes.size()) > 0) {
  }
}

int SignalWatch::count() const {
  return signals_seen;
}

int SignalWatch::last() const {
  return last_signal;
}

}  // namespace earshot::host
