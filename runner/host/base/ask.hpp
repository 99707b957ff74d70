#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "host/base/worker_process.hpp"
#include "protocol/verbs.hpp"

namespace earshot::host {

/// Thrown if a worker answers a request with an error, or dies while handling it.
struct WorkerError : std::runtime_error {
  WorkerError(std::string k, const std::string& message)
      : std::runtime_error(message), kind(std::move(k)) {}
  std::string kind;  ///< "config", "data", "contract", "unsupported", "bug", "crash" or "timeout"
};

/// Limits of a request.
struct AskLimits {
  AskLimits() = default;
  template <class Number, class Period>
  AskLimits(std::chrono::duration<Number, Period> longest, std::int64_t most = 0)
      : time(longest), memory(most) {}

  std::chrono::milliseconds time = std::chrono::minutes(10);
  bool since_news = false;  ///< the time counts from the last event, not from the request
  std::int64_t memory = 0;  ///< maximum memory of the worker in bytes; 0: default_memory_limit()
};

/// For a request that a person at a terminal waits for.
constexpr auto until_done = std::chrono::hours(24 * 365);

/// What a message was: an event, after which others follow, or the answer, which is the last.
enum class Received { event, answer };

/// Sends a request and passes each message that follows to `receive`, until it returns
/// Received::answer. If `receive` throws because a message does not follow the protocol, this is
/// reported as a crash.
/// @throws WorkerError
void converse(WorkerProcess& worker, const protocol::Message& request, const AskLimits& limits,
              const std::function<Received(protocol::Message)>& receive);

/// The error that a worker reported.
WorkerError error_in(const protocol::Failed& failed);

/// Ignores events.
struct PassOver {
  template <class Event>
  void operator()(const Event&) const {}
};

/// Sends a worker a request of one of the verbs of protocol/verbs.hpp, and waits for its result.
/// Events before the result go to `on_event`, which must accept all events of the verb. The
/// worker's output is dropped, except that its end is appended to the reason if it crashes.
/// @throws WorkerError; after kind "crash" or "timeout" the worker is dead. "crash" includes
/// answers that do not follow the protocol, and exceeding the memory limit.
template <class Verb, class OnEvent = PassOver>
typename Verb::Result ask(WorkerProcess& worker, const typename Verb::Request& request,
                          const AskLimits& limits = {}, const OnEvent& on_event = {}) {
  using Said = protocol::Joined<protocol::Answers, typename Verb::Events>;
  std::optional<typename Verb::Result> result;
  std::optional<WorkerError> error;
  const protocol::Overloaded receive{[&](const protocol::Done& done) {
                                       worker.note_leftovers(done.leftovers.value_or(""));
                                       result = protocol::read_result<Verb>(done.result);
                                       return Received::answer;
                                     },
                                     [&](const protocol::Failed& failed) {
                                       worker.note_leftovers(failed.leftovers.value_or(""));
                                       error = error_in(failed);
                                       return Received::answer;
                                     },
                                     [&](const auto& event) {
                                       on_event(event);
                                       return Received::event;
                                     }};
  converse(worker, protocol::to_request<Verb>(1, request), limits, [&](protocol::Message message) {
    return std::visit(receive, protocol::read_one_of(Said(), std::move(message)));
  });
  if (error) throw *error;
  return std::move(*result);
}

}  // namespace earshot::host
