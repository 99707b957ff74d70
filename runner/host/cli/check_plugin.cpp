#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <set>

#include "host/base/ask.hpp"
#include "host/base/plain_text.hpp"
#include "host/base/table.hpp"
#include "host/cli/command.hpp"
#include "host/cli/component.hpp"
#include "host/cli/shared_options.hpp"
#include "protocol/nearest.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  std::string state{};  ///< "pass", "warning", "fail" or "skipped"
  std::string reason{};
};

struct Result {
  std::string component{}, check{}, why{};
  Outcome outcome{};
};

/// Asks a worker, which is replaced whenever it has died.
class Examiner {
 public:
  Examiner(fs::path plugin, Json options, std::chrono::milliseconds limit)
      : plugin_(std::move(plugin)), options_(std::move(options)), limit_(limit) {}

  /// The checks that apply to the plugin, with a note on the options; with `all`, every check.
  protocol::CheckList list(bool all = false) {
    return answer<protocol::CheckList>(all ? "" : protocol::path_text(plugin_), "", "");
  }

  Outcome check(const std::string& component, const std::string& name) {
    try {
      const auto found =
          answer<protocol::CheckOutcome>(protocol::path_text(plugin_), component, name);
      return {found.outcome, found.reason};
    } catch (const WorkerError& error) {
      if (error.kind == "crash" || error.kind == "timeout") worker_.reset();
      if (error.kind == "unsupported") return {"skipped", error.what()};
      if (error.kind == "bug") return {"fail", std::string("it throws ") + error.what()};
      return {"fail", error.what()};
    }
  }

  void next_worker() { worker_.reset(); }

  /// Options of all components; nullopt if the plugin cannot be loaded, which the checks will
  /// report.
  std::optional<std::set<std::string>> option_names() {
    try {
      std::set<std::string> names;
      const auto info = ask<protocol::verb::Inspect>({protocol::path_text(plugin_)});
      for (const auto& component : info.components)
        for (const auto& option : component.options)
          names.insert(option.name);
      return names;
    } catch (const WorkerError&) {
      worker_.reset();
      return std::nullopt;
    }
  }

 private:
  template <class Verb>
  typename Verb::Result ask(const typename Verb::Request& request) {
    if (!worker_) worker_.emplace();
    return host::ask<Verb>(*worker_, request, limit_);
  }

  /// The answer to the verb `check`: a list if no check is named, otherwise an outcome.
  template <class Form>
  Form answer(const std::string& path, const std::string& component, const std::string& check) {
    const auto result = ask<protocol::verb::Check>(
        {.path = path, .component = component, .check = check, .options = options_});
    if (const auto* form = std::get_if<Form>(&result)) return *form;
    throw WorkerError("bug", check.empty() ? "an outcome instead of the list of checks"
                                           : "a list of checks instead of an outcome");
  }

  fs::path plugin_;
  Json options_;
  std::chrono::milliseconds limit_;
  std::optional<WorkerProcess> worker_;
};

void refuse_unknown_options(const Json& options, Examiner& examiner) {
  if (options.empty()) return;
  const auto names = examiner.option_names();
  if (!names) return;
  const std::vector<std::string> known(names->begin(), names->end());
  for (const auto& [name, value] : options.items())
    if (!names->contains(name))
      refuse_usage("check-plugin",
                   "--option: no component has an option '" + name + "'; " +
                       (known.empty() ? "there are none" : "known: " + protocol::join(known)) +
                       protocol::did_you_mean(name, known));
}

std::vector<std::string> names_of(const std::vector<protocol::CheckInfo>& checks) {
  std::vector<std::string> names;
  for (const auto& check : checks)
    names.push_back(check.name);
  return names;
}

std::vector<protocol::CheckInfo> all_checks() {
  return Examiner({}, Json::object(), std::chrono::seconds(30)).list(true).checks;
}

ExitCode list_checks(bool json) {
  const auto checks = all_checks();
  if (json) {
    std::cout << Json(checks).dump(2) << '\n';
    return ExitCode::ok;
  }
  TableWriter table(std::cout, {"check", "of", "why"}, Format::table);
  for (const auto& check : checks)
    table.row({check.name, check.of.empty() ? "component" : check.of, check.why});
  table.finish();
  return ExitCode::ok;
}

/// Prints the reason of consecutive skips only once.
void print(const Result& result, const std::vector<Result>& before) {
  static const std::map<std::string, std::string> words{
      {"pass", "pass   "}, {"warning", "WARNING"}, {"fail", "FAIL   "}, {"skipped", "skipped"}};
  std::cout << words.at(result.outcome.state) << "  "
            << (result.component.empty() ? "" : result.component + ": ") << result.check;
  const bool told = result.outcome.state == "skipped" && !before.empty() &&
                    before.back().outcome.reason == result.outcome.reason;
  if (!result.outcome.reason.empty() && !told)
    std::cout << "\n         " << plain_text(result.outcome.reason);
  if (result.outcome.state == "fail") std::cout << "\n         because " << result.why;
  std::cout << '\n' << std::flush;
}

/// Runs all checks, or only one; if the handshake fails, no others.
std::vector<Result> examine(Examiner& examiner, const std::string& only, bool show) {
  std::vector<Result> results;
  const auto add = [&](Result result) {
    if (show) print(result, results);
    results.push_back(std::move(result));
  };
  const auto handshake = examiner.list(true).checks.at(0);  // comes before all others
  const auto first = examiner.check("", handshake.name);
  if (only.empty() || only == handshake.name || first.state == "fail")
    add({"", handshake.name, handshake.why, first});
  if (first.state == "fail") return results;
  const auto listed = examiner.list();
  if (show && !listed.note.empty()) std::cout << "note     " << listed.note << '\n';
  for (const auto& check : listed.checks) {
    if (check.name == handshake.name || (!only.empty() && check.name != only)) continue;
    if (check.alone) examiner.next_worker();
    add({check.component, check.name, check.why, examiner.check(check.component, check.name)});
  }
  return results;
}

Json to_json(const std::vector<Result>& results) {
  auto list = Json::array();
  for (const auto& result : results)
    list.push_back({{"component", result.component},
                    {"check", result.check},
                    {"outcome", result.outcome.state},
                    {"reason", result.outcome.reason},
                    {"why", result.why}});
  return list;
}

int count(const std::vector<Result>& results, const std::string& state) {
  return static_cast<int>(std::count_if(results.begin(), results.end(), [&](const Result& result) {
    return result.outcome.state == state;
  }));
}

Syntax check_plugin_syntax() {
  Syntax syntax{"check-plugin", "FILE.so",
                "Checks that a plugin follows the rules of the SDK. Each check runs in a worker\n"
                "process, so a plugin that crashes or hangs only fails that check. Give --option\n"
                "values for a component that needs data or weights; without them it is checked\n"
                "as far as possible. The exit code is 3 if a check fails."};
  syntax.options.add_options()("list", "lists the checks with their reasons")(
      "only", program_options::value<std::string>()->value_name("CHECK"), "runs only this check")(
      "timeout", program_options::value<double>()->value_name("SECONDS")->default_value(30),
      "time limit of a check")("json", "prints the results as a JSON array");
  add_value_option(syntax.options);
  syntax.positionals = {{"plugin", 1}};
  syntax.examples =
      "  runner check-plugin plugins/my_encoder.so\n"
      "  runner check-plugin esc50.so --option root=/data/ESC-50\n"
      "  runner check-plugin my_encoder.so --only padding_invariance\n";
  return syntax;
}

ExitCode run_check_plugin(const std::vector<std::string>& arguments) {
  const auto words = check_plugin_syntax();
  const auto given = parse(words, arguments);
  if (!given) return ExitCode::ok;
  const auto json = given->has("json");
  if (given->has("list")) return list_checks(json);
  const fs::path plugin = given->text("plugin");
  if (plugin.empty()) refuse_usage("check-plugin", "FILE.so is missing");
  if (!fs::exists(plugin))
    throw Failure(ExitCode::plugin_refused, plugin.string() + ": no such file");
  const auto only = given->text("only");
  if (!only.empty()) {
    const auto names = names_of(all_checks());
    if (std::find(names.begin(), names.end(), only) == names.end())
      refuse_usage("check-plugin", "no check '" + only + "'" + protocol::did_you_mean(only, names));
  }
  const auto timeout = given->get<double>("timeout");
  if (!(timeout > 0 && timeout <= 86400))
    refuse_usage("check-plugin", "--timeout must be greater than 0 and at most 86400 (a day)");
  const auto options = option_texts_of(*given, "check-plugin");
  Examiner examiner(fs::absolute(plugin), options,
                    std::chrono::milliseconds(static_cast<std::int64_t>(1000 * timeout)));
  refuse_unknown_options(options, examiner);
  const auto results = examine(examiner, only, !json);
  if (json) std::cout << protocol::json_text(to_json(results), 2) << '\n';
  const auto failed = count(results, "fail");
  if (!json)
    std::cout << '\n'
              << plugin.filename().string() << ": " << count(results, "pass") << " passed, "
              << failed << " failed, " << count(results, "warning") << " warnings, "
              << count(results, "skipped") << " skipped\n";
  return failed > 0 ? ExitCode::plugin_refused : ExitCode::ok;
}

}  // namespace

const Command check_plugin_command{"check-plugin", Group::plugins,
                                   "checks that a plugin follows the rules of the SDK",
                                   run_check_plugin};

}  // namespace earshot::host
