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

/// A worker that answered a question with an error, or died of it.
struct WorkerError : std::runtime_error {
  WorkerError(std::string k, const std::string& message)
      : std::runtime_error(message), kind(std::move(k)) {}
  std::string kind;  ///< "config", "data", "contract", "unsupported", "bug", "crash" or "timeout"
};

/// What a question may cost.
struct AskLimits {
  AskLimits() = default;
  template <class Number, class Period>
  AskLimits(std::chrono::duration<Number, Period> longest, std::int64_t most = 0)
      : time(longest), memory(most) {}

  std::chrono::milliseconds time = std::chrono::minutes(10);
  bool since_news = false;  ///< the time counts from the last event, not from the question
  std::int64_t memory = 0;  ///< bytes that a worker may take; 0: default_memory_limit()
};

/// For a request with a person waiting at a terminal.
constexpr auto until_done = std::chrono::hours(24 * 365);

/// What a message was: to be followed by others, or the last one.
enum class Heard { event, answer };

/// Sends a request and gives each message that follows to `hear`, until that says that it was the
/// answer. Whatever `hear` throws because of a message that is none of the protocol's is a crash.
/// @throws WorkerError
void converse(WorkerProcess& worker, const protocol::Message& request, const AskLimits& limits,
              const std::function<Heard(protocol::Message)>& hear);

/// The error that a worker answers with.
WorkerError error_in(const protocol::Failed& failed);

/// For events that nobody waits for.
struct PassOver {
  template <class Event>
  void operator()(const Event&) const {}
};

/// Asks a worker what a verb of protocol/verbs.hpp is for, and waits for its result. Events on the
/// way go to `on_event`, which takes each that the verb has. What the worker prints is dropped, but
/// for its end, which follows the reason when it crashes.
/// @throws WorkerError; after kind "crash" or "timeout" the worker is dead. "crash" are also
/// answers that are none of the protocol's, and more memory than it may take.
template <class Verb, class OnEvent = PassOver>
typename Verb::Result ask(WorkerProcess& worker, const typename Verb::Request& request,
                          const AskLimits& limits = {}, const OnEvent& on_event = {}) {
  using Said = protocol::Joined<protocol::Answers, typename Verb::Events>;
  std::optional<typename Verb::Result> result;
  std::optional<WorkerError> error;
  const protocol::Overloaded hear{[&](const protocol::Done& done) {
                                    worker.note_leftovers(done.leftovers.value_or(""));
                                    result = protocol::read_result<Verb>(done.result);
                                    return Heard::answer;
                                  },
                                  [&](const protocol::Failed& failed) {
                                    worker.note_leftovers(failed.leftovers.value_or(""));
                                    error = error_in(failed);
                                    return Heard::answer;
                                  },
                                  [&](const auto& event) {
                                    on_event(event);
                                    return Heard::event;
                                  }};
  converse(worker, protocol::to_request<Verb>(1, request), limits, [&](protocol::Message message) {
    return std::visit(hear, protocol::read_one_of(Said(), std::move(message)));
  });
  if (error) throw *error;
  return std::move(*result);
}

}  // namespace earshot::host
