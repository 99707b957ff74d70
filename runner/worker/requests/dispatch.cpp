#include "worker/requests/dispatch.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include <ATen/Context.h>
#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>

#include <cxxabi.h>

#include <earshot/error.hpp>

#include "protocol/nearest.hpp"
#include "worker/plugin/leftovers.hpp"
#include "worker/plugin/shared_state.hpp"
#include "worker/requests/decoy.hpp"
#include "worker/requests/verbs.hpp"

namespace earshot::worker {

namespace {

using protocol::Json;
using Handler = Json (*)(const Json&, Session&);

/// A verb that nothing performs, or that gives something else than its result, does not compile.
template <class Verb>
Json handle(const Json& header, Session& session) {
  using Result = typename Verb::Result;
  const auto request = protocol::read_request<Verb>(header);
  static_assert(std::is_same_v<decltype(worker::perform(request, session)), Result>);
  return worker::perform(request, session);
}

std::map<std::string, Handler> handlers() {
  std::map<std::string, Handler> table;
  protocol::Verbs::each(
      [&]<class Verb>(std::type_identity<Verb>) { table.emplace(Verb::name, &handle<Verb>); });
  return table;
}

/// @throws ProtocolError
Handler handler_of(const std::string& verb) {
  static const auto table = handlers();
  if (const auto found = table.find(verb); found != table.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [name, handler] : table)
    names.push_back(name);
  throw protocol::ProtocolError("unknown request '" + verb + "'; expected one of " +
                                protocol::join(names));
}

std::string readable(const char* type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(type, nullptr, nullptr, &status), std::free);
  return name ? name.get() : type;
}

std::string kind_name(Error::Kind kind) {
  constexpr const char* names[] = {"config", "data", "contract", "unsupported"};
  return names[static_cast<int>(kind)];
}

/// The components that a request names, at any depth.
void find_components(const Json& value, std::set<std::string>& found) {
  if (!value.is_structured()) return;
  if (value.is_object() && value.contains("plugin") && value.contains("component")) {
    const auto plugin = value.value("plugin", ""), component = value.value("component", "");
    if (!plugin.empty())
      found.insert("'" + component + "' of " + std::filesystem::path(plugin).filename().string());
  }
  for (const auto& element : value)
    find_components(element, found);
}

std::string components_of(const Json& request) {
  std::set<std::string> found;
  find_components(request, found);
  if (found.empty()) return "a plugin";
  return (found.size() == 1 ? "" : "one of ") + protocol::join({found.begin(), found.end()});
}

Json result_of(const Json& request, Session& session) {
  const auto verb = request.value("type", "");
  const auto handler = handler_of(verb);
  const at::NoGradGuard no_grad;
  at::manual_seed(0);
  // A check looks for changes itself, each for its own.
  if (verb == protocol::verb::Check::name) return handler(request, session);
  auto result = call_plugin([&] { return components_of(request); },
                            [&] { return handler(request, session); }, Extent::request);
  if (decoy_was_written())
    throw ContractError(components_of(request) +
                        " wrote to a file descriptor that it has not opened (such as 3); expected "
                        "it to write only to its own files");
  // Found and put back on the way, where an error of it may have been caught.
  if (const auto strays = take_account_of_strays(); !strays.empty())
    throw ContractError(protocol::join(strays) + ", in a request with " + components_of(request) +
                        "; expected shared state to be unchanged");
  return result;
}

// A message is to be read: what is longer is cut, far below the largest frame.
std::string cut(std::string message) {
  constexpr std::size_t most = 64 << 10;
  if (message.size() <= most) return message;
  const auto left_out = message.size() - most;
  message.resize(most);
  return message + " [... " + std::to_string(left_out) + " bytes left out]";
}

/// What the runner must know of this process besides the answer.
template <class Answer>
void add_account(Answer& answer) {
  auto account = take_account();
  const auto left = leftovers();
  const auto what = left.empty() ? account.damage : left;
  if (!what.empty()) answer.leftovers = what;
  for (auto& warning : account.warnings) {
    if (!answer.warnings) answer.warnings.emplace();
    answer.warnings->push_back(cut(std::move(warning)));
  }
}

}  // namespace

// The one place that catches. Texts are copied, since they may be in the memory of a plugin.
void answer(const protocol::Message& request, protocol::Channel& channel) {
  Session session(channel, request.header.value("id", std::int64_t{0}));
  protocol::Failed failed{.kind = "bug"};
  auto& message = failed.message;
  begin_account();
  decoy_was_written();  // resets it: earlier writes are not this request's
  begin_watch();
  try {
    protocol::Done done{.result = result_of(request.header, session)};
    add_account(done);
    session.send(std::move(done));
    return;
  } catch (const Error& error) {
    failed.kind = kind_name(error.kind());
    message = error.what();
  } catch (const c10::Error& error) {
    message = std::string("LibTorch: ") + error.what_without_backtrace();
  } catch (const std::exception& error) {
    message = readable(typeid(error).name()) + ": " + error.what();
  } catch (...) {
    const auto* type = abi::__cxa_current_exception_type();
    message = "an exception of type " + readable(type == nullptr ? "?" : type->name());
  }
  message = cut(std::move(message));
  add_account(failed);
  session.send(std::move(failed));
}

}  // namespace earshot::worker
