#include "host/base/ask.hpp"

#include <algorithm>
#include <array>
#include <csignal>

#include <poll.h>

#include "host/base/plain_text.hpp"
#include "host/base/process_tree.hpp"

namespace earshot::host {

namespace {

using Clock = std::chrono::steady_clock;

/// The last kilobytes of a worker's output.
class Tail {
 public:
  void read(WorkerProcess& worker) {
    if (worker.output_fd() < 0) return;
    if (const auto text = worker.read_output()) text_ += *text;
    if (text_.size() > kept) text_.erase(0, text_.size() - kept);
  }
  std::string after(const std::string& reason) const {
    const auto end = text_.find_last_not_of(" \n\r\t");
    return end == std::string::npos ? reason : reason + ". It printed: " + text_.substr(0, end + 1);
  }

 private:
  static constexpr std::size_t kept = 2000;
  std::string text_;
};

[[noreturn]] void give_up(WorkerProcess& worker, Tail& tail) {
  worker.kill(SIGKILL);  // if it only closed its end; the status of a dead worker stays
  const auto exit = worker.wait();
  tail.read(worker);
  throw WorkerError("crash", short_text(tail.after("the worker " + exit.text())));
}

/// Kills a worker that exceeded a limit.
[[noreturn]] void end(WorkerProcess& worker, const char* kind, const std::string& reason) {
  worker.kill(SIGKILL);
  worker.wait();
  throw WorkerError(kind, reason);
}

std::string mebibytes(std::int64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

constexpr Clock::duration longest_start = std::chrono::seconds(60);

/// Waits until the worker has sent something, or for a short while.
void await(WorkerProcess& worker, Clock::time_point deadline, const AskLimits& limits) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  if (left <= 0)
    end(worker, "timeout",
        (limits.since_news ? "no progress for " : "no answer within ") +
            std::to_string(limits.time.count() / 1000) + " s");
  const auto most = limits.memory > 0 ? limits.memory : default_memory_limit();
  const auto process =
      worker.hello().protocol != 0 ? static_cast<pid_t>(worker.hello().pid) : worker.pid();
  if (const auto bytes = memory_of_tree(process, most); most > 0 && bytes > most)
    end(worker, "crash",
        "the worker used " + mebibytes(bytes) + " of memory; the limit is " + mebibytes(most));
  std::array<pollfd, 2> fds{{{worker.fd(), POLLIN, 0}, {worker.output_fd(), POLLIN, 0}}};
  ::poll(fds.data(), fds.size(), static_cast<int>(std::min<long>(left, 200)));
}

}  // namespace

void converse(WorkerProcess& worker, const protocol::Message& request, const AskLimits& limits,
              const std::function<Received(protocol::Message)>& receive) try {
  Tail tail;
  // Starting the worker does not count towards the time of the request.
  bool started = worker.hello().protocol != 0;
  auto deadline = Clock::now() + limits.time + (started ? Clock::duration::zero() : longest_start);
  if (!worker.send(request)) give_up(worker, tail);
  for (bool open = true;;) {
    while (auto message = worker.next()) {
      if (receive(std::move(*message)) == Received::answer) return;
      if (limits.since_news) deadline = Clock::now() + limits.time;
    }
    if (!open) give_up(worker, tail);
    if (!started && worker.hello().protocol != 0) {
      started = true;
      deadline = Clock::now() + limits.time;
    }
    await(worker, deadline, limits);
    open = worker.receive();
    tail.read(worker);
  }
} catch (const protocol::ProtocolError& error) {
  end(worker, "crash", std::string("the worker broke the protocol: ") + error.what());
} catch (const Json::exception& error) {
  end(worker, "crash", std::string("the worker broke the protocol: ") + error.what());
}

WorkerError error_in(const protocol::Failed& failed) {
  return {failed.kind, short_text(failed.message)};
}

}  // namespace earshot::host
