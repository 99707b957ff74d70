#pragma once
#include <csignal>

namespace earshot::host {

/// While it exists, SIGINT, SIGTERM and SIGHUP (which counts as SIGTERM) are counted instead of
/// ending the process, and make fd() readable. Only one may exist at a time.
class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  int fd() const;  ///< readable after a signal; drain() empties it
  void drain() const;
  int count() const;  ///< signals so far
  int last() const;   ///< SIGINT, SIGTERM or 0

 private:
  struct sigaction old_int_ {
  }, old_term_{}, old_hangup_{}, old_pipe_{};
};

}  // namespace earshot::host
