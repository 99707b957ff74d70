#include "worker/requests/dispatch.hpp"

#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>

#include <cxxabi.h>

#include <earshot/error.hpp>

#include "protocol/nearest.hpp"
#include "worker/requests/verbs.hpp"

namespace earshot::worker {

namespace {

using protocol::Json;
using Verb = Json (*)(const Json&, Session&);

const std::map<std::string, Verb>& verbs() {
  static const std::map<std::string, Verb> table{{"inspect", inspect},
                                                 {"resolve", resolve},
                                                 {"device", device},
                                                 {"dataset", dataset},
                                                 {"items", items},
                                                 {"features", features},
                                                 {"cell", cell},
                                                 {"listen", listen},
                                                 {"lint", lint},
                                                 {"check", check},
                                                 {"cache_verify", cache_verify},
                                                 {"pretrain", pretrain},
                                                 {"encode", encode},
                                                 {"predictions", predictions}};
  return table;
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

Json perform(const Json& request, Session& session) {
  const auto name = request.value("type", "");
  const auto verb = verbs().find(name);
  if (verb == verbs().end()) throw std::invalid_argument("unknown request '" + name + "'");
  const at::NoGradGuard no_grad;
  return verb->second(request, session);
}

}  // namespace

// The one place that catches. Texts are copied: they may lie in a plugin.
void answer(const protocol::Message& request, protocol::Channel& channel) {
  Session session(channel, request.header.value("id", std::int64_t{0}));
  std::string kind = "bug", message;
  try {
    session.send("done", {{"result", perform(request.header, session)}});
    return;
  } catch (const Error& error) {
    kind = kind_name(error.kind());
    message = error.what();
  } catch (const c10::Error& error) {
    message = std::string("LibTorch: ") + error.what_without_backtrace();
  } catch (const std::exception& error) {
    message = readable(typeid(error).name()) + ": " + error.what();
  } catch (...) {
    const auto* type = abi::__cxa_current_exception_type();
    message = "an exception of type " + readable(type == nullptr ? "?" : type->name());
  }
  session.send("failed", {{"kind", kind}, {"message", message}});
}

}  // namespace earshot::worker
