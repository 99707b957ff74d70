#include "worker/conformance/check.hpp"

#include <c10/core/GradMode.h>

namespace earshot::worker {

void fail(const std::string& reason) {
  throw Finding{{Outcome::State::fail, reason}};
}
void warn(const std::string& reason) {
  throw Finding{{Outcome::State::warning, reason}};
}
void skip(const std::string& reason) {
  throw Finding{{Outcome::State::skipped, reason}};
}
void expect(bool fits, const std::string& reason) {
  if (!fits) fail(reason);
}

const std::vector<Check>& checks() {
  static const std::vector<Check> all = [] {
    std::vector<Check> joined;
    for (const auto list : {plugin_checks, component_checks, encoder_checks, codec_checks,
                            lookup_checks, reader_checks, learner_checks, mapper_checks,
                            language_model_checks, evaluator_checks, dataset_checks})
      for (const auto& check : list())
        joined.push_back(check);
    return joined;
  }();
  return all;
}

Outcome run_check(const std::string& plugin, const std::string& component, const std::string& name,
                  const protocol::Json& options) {
  const auto check = std::find_if(checks().begin(), checks().end(),
                                  [&](const Check& c) { return c.name == name; });
  if (check == checks().end()) throw std::invalid_argument("no check '" + name + "'");
  const c10::NoGradGuard no_grad;  // as all calls are, but where a check says otherwise
  try {
    check->run(Subject(plugin, component, options));
    return {};
  } catch (const Finding& finding) {
    return finding.outcome;
  }
}

}  // namespace earshot::worker
