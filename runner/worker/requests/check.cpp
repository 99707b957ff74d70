#include "worker/conformance/check.hpp"

#include <algorithm>

#include <earshot/kit/testing.hpp>

#include "protocol/path_text.hpp"
#include "worker/conformance/guard.hpp"
#include "worker/requests/verbs.hpp"

namespace earshot::worker {

using protocol::Json;

namespace {

protocol::CheckInfo describe(const Check& check, const std::string& component) {
  return {.name = check.name,
          .why = check.why,
          .of = check.face,
          .component = component,
          .alone = check.needs_fresh_worker};
}

/// A sentence on options that the checks replace; or "".
std::string note_on(const std::string& path, const Json& options) {
  if (path.empty()) return "";
  std::string unknown;
  for (const auto& [name, component] : open_library(path).components)
    for (const auto& [option, value] : options.items())
      if (names_no_label(component, option, options)) unknown = value.get<std::string>();
  if (unknown.empty()) return "";
  std::string names;
  for (const auto* name : kit::SyntheticTrial::label_names)
    names += std::string(names.empty() ? "" : ", ") + name;
  return "evaluators are checked on synthetic items, whose labels are " + names +
         ": these replace the target '" + unknown + "'";
}

/// The checks of a plugin; without one those that there are.
protocol::CheckList list(const std::string& path, const Json& options) {
  protocol::CheckList all;
  for (const auto& check : checks()) {
    const std::string face = check.face;
    if (path.empty() || face == "plugin") {
      all.checks.push_back(describe(check, ""));
      continue;
    }
    for (const auto& [name, component] : open_library(path).components)
      if (face.empty() || component.faces.contains(face))
        all.checks.push_back(describe(check, name));
  }
  all.note = note_on(path, options);
  return all;
}

}  // namespace

protocol::CheckResult perform(const protocol::CheckRequest& request, Session&) {
  const auto path = protocol::bytes_of(request.path);
  if (request.check.empty()) return list(path, request.options);
  limit_memory();
  const auto outcome = run_check(path, request.component, request.check, request.options);
  constexpr const char* states[] = {"pass", "warning", "fail", "skipped"};
  return protocol::CheckOutcome{.outcome = states[static_cast<int>(outcome.state)],
                                .reason = outcome.reason};
}

}  // namespace earshot::worker
