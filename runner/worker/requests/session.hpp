#pragma once
#include <chrono>
#include <csignal>
#include <string>

#include <unistd.h>

#include "protocol/frame.hpp"
#include "protocol/verbs.hpp"

namespace earshot::worker {

/// Sends the events of the current request to the runner while a verb's function works.
class Session {
 public:
  Session(protocol::Channel& channel, std::int64_t request)
      : channel_(channel), request_(request) {}

  /// An event of protocol/events.hpp, or the answer. Ends a process that a plugin has forked and in
  /// which it returned: the runner would hear everything twice.
  template <class Said>
  void send(Said said) {
    static_assert(protocol::Events::has<Said> || protocol::Answers::has<Said>,
                  "no verb has this event");
    if (::getpid() != process_) ::_exit(0);
    channel_.send(protocol::to_message(request_, std::move(said)));
  }

  /// At most 10 a second reach the runner; the last one (done == total) always does.
  void progress(std::int64_t done, std::int64_t total, const std::string& what = {}) {
    const auto now = std::chrono::steady_clock::now();
    if (done != total && now - last_progress_ < std::chrono::milliseconds(100)) return;
    last_progress_ = now;
    send(protocol::event::Progress{.done = done, .total = total, .what = what});
  }

  /// True once the runner has asked this worker to stop early, which it does by SIGTERM.
  static bool stopping() { return stop_asked != 0; }
  static void ask_to_stop(int) { stop_asked = 1; }  ///< the handler of that signal

 private:
  static inline volatile std::sig_atomic_t stop_asked = 0;

  protocol::Channel& channel_;
  std::int64_t request_;
  pid_t process_ = ::getpid();
  std::chrono::steady_clock::time_point last_progress_{};
};

}  // namespace earshot::worker
