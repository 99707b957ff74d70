#include "host/cli/planning.hpp"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <sstream>

#include <unistd.h>

#include "host/base/defaults.hpp"
#include "host/base/failure.hpp"
#include "host/base/plain_text.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {

namespace po = program_options;
namespace fs = std::filesystem;

namespace {

/// An option that may be given again and again.
po::typed_value<std::vector<std::string>>* texts(const char* name) {
  return po::value<std::vector<std::string>>()->value_name(name);
}

}  // namespace

void add_override_options(po::options_description& options) {
  options.add_options()("set", texts("KEY=VALUE"),
                        "changes a value of the file: task.room.options.lr=1e-4 (repeatable)")(
      "only", texts("AXIS=VALUES"), "keeps only cells with these: encoder=mimi,htsat (repeatable)")(
      "skip", texts("AXIS=VALUES"), "leaves out cells with these (repeatable)")(
      "limit", po::value<std::int64_t>()->value_name("N"), "maximum number of cells");
}

Overrides overrides_of(const Arguments& given) {
  Overrides overrides{given.texts("set"), given.texts("only"), given.texts("skip")};
  if (given.has("limit")) overrides.limit = given.get<std::int64_t>("limit");
  if (given.has("limit") && overrides.limit < 1)
    throw Failure(ExitCode::usage, "--limit " + std::to_string(overrides.limit) +
                                       ": not a number of cells; allowed: 1 or more");
  return overrides;
}

std::string experiment_file(const Arguments& given, const std::string& command) {
  auto file = given.text("file");
  if (file.empty()) refuse_usage(command, "FILE.toml is missing");
  if (!file.ends_with(".toml") && !std::filesystem::exists(file))
    refuse_usage(command, "there is no file '" + file + "'; '" + command +
                              "' needs the file of an experiment (FILE.toml), not its name");
  return file;
}

void keep_failed_only(Plan& plan, const Store* store) {
  std::vector<std::string> keys;
  for (const auto& cell : plan.cells)
    if (cell.decision == Decision::run) keys.push_back(cell.key);
  const auto failed =
      store == nullptr ? std::map<std::string, LastFailure>{} : store->last_failures(keys);
  for (auto& cell : plan.cells)
    if (cell.decision == Decision::run && !failed.contains(cell.key)) {
      cell.decision = Decision::left_out;
      cell.reason = "--failed";
    }
}

void add_plugin_options(po::options_description& options) {
  options.add_options()("plugin-path", texts("FOLDER"),
                        "searches this folder for plugins first (repeatable; also "
                        "EARSHOT_PLUGIN_PATH, or in earshot.toml)")(
      "cache", po::value<std::string>()->value_name("FOLDER"),
      "folder for features and cached hashes (default: cache/ next to the results file; also "
      "EARSHOT_CACHE_DIR, or in earshot.toml)")(
      "worker-prefix", po::value<std::string>()->value_name("WORDS"),
      "command that runs the worker, such as 'gdb --args'");
}

namespace {

/// The first of these that is set to something, as a path with `below` added.
std::optional<fs::path> folder_of(const char* variable, const char* below) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return fs::path(value) / below;
}

/// Where to remember things when that may not be where the command is called.
std::optional<fs::path> user_cache() {
  if (const auto folder = folder_of("XDG_CACHE_HOME", "earshot")) return folder;
  return folder_of("HOME", ".cache/earshot");
}

fs::path cache_for(const Arguments& given, Purpose purpose) {
  auto folder = cache_folder(given.text("cache"), given.text("results"));
  const char* variable = std::getenv("EARSHOT_CACHE_DIR");
  const bool named = given.has("cache") || given.given("results") || defaults().results_named ||
                     !defaults().cache.empty() || (variable != nullptr && *variable != '\0');
  std::error_code ignored;
  if (purpose == Purpose::writing || named || fs::exists(folder, ignored)) return folder;
  return user_cache().value_or(folder);
}

}  // namespace

PlanSettings plan_settings_of(const Arguments& given, Purpose purpose) {
  PlanSettings settings;
  settings.plugin_paths = given.texts("plugin-path");
  settings.cache = cache_for(given, purpose);
  std::istringstream words(given.text("worker-prefix"));
  for (std::string word; words >> word;)
    settings.worker.prefix.push_back(word);
  settings.warn = [](const std::string& line) {
    std::cerr << "warning: " << plain_text(line) << '\n';
  };
  if (::isatty(STDERR_FILENO) == 1)
    settings.progress = [](const std::string& line) { std::cerr << line << " ...\n"; };
  return settings;
}

void add_value_option(po::options_description& options) {
  options.add_options()("option", texts("NAME=VALUE"),
                        "sets an option of the component (repeatable)");
}

Json option_texts_of(const Arguments& given, const std::string& command) {
  auto options = Json::object();
  for (const auto& word : given.texts("option")) {
    const auto sign = word.find('=');
    if (sign == std::string::npos || sign == 0)
      refuse_usage(command, "--option '" + word + "'; allowed is NAME=VALUE");
    options[word.substr(0, sign)] = protocol::readable(word.substr(sign + 1));
  }
  return options;
}

}  // namespace earshot::host
