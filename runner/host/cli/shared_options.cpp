#include "host/cli/shared_options.hpp"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <sstream>
#include <utility>

#include <unistd.h>

#include "host/base/defaults.hpp"
#include "host/base/failure.hpp"
#include "host/base/plain_text.hpp"
#include "host/store/revisions.hpp"

namespace earshot::host {

namespace po = program_options;
namespace fs = std::filesystem;

namespace {

/// An option that may be repeated.
po::typed_value<std::vector<std::string>>* texts(const char* name) {
  return po::value<std::vector<std::string>>()->value_name(name);
}

/// Whether `before`, a path of a results file, is the file at `now`, or was before the file was
/// moved. Earlier versions kept paths as they were given: if such a path does not exist relative to
/// the working folder, the path of `now` must end with it.
bool is_same(const fs::path& before, const fs::path& now) {
  std::error_code ignored;
  if (fs::exists(before, ignored)) return fs::equivalent(before, now, ignored);
  if (before.is_absolute()) return true;
  const auto path = fs::weakly_canonical(now, ignored);
  return path.string().ends_with("/" + before.lexically_normal().string());
}

/// Asks the user at the terminal; without a terminal the answer is no.
bool agrees(const std::string& question) {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) return false;
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
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

/// The variable as a path with `below` appended; nullopt if it is unset or empty.
std::optional<fs::path> folder_of(const char* variable, const char* below) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return fs::path(value) / below;
}

/// The user's cache folder, for commands that must not create one where they are called.
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

std::optional<std::string> other_file(const Store& store, const Experiment& experiment) {
  const auto before = latest_file(store, experiment.name);
  if (!before || before->source == experiment.source || is_same(before->file, experiment.file))
    return std::nullopt;
  return before->file;
}

void add_replace_option(program_options::options_description& options) {
  options.add_options()("replace",
                        "runs even if the results have an experiment with this name from another "
                        "file; this file becomes its latest revision");
}

void require_same_file(const Store& store, const Experiment& experiment, const Arguments& given) {
  if (given.has("replace")) return;
  const auto other = other_file(store, experiment);
  if (!other) return;
  const auto problem = experiment.file + ": the results already have an experiment '" +
                       experiment.name + "' from another file: " + *other;
  if (agrees(problem + ". Make this file its latest revision?")) return;
  throw Failure(
      ExitCode::usage,
      problem +
          ". Give this one another name, or rename the other with 'runner experiments rename " +
          experiment.name + " NEW', or make this file its latest revision with --replace");
}

std::vector<std::string> command_line(const std::string& command,
                                      const std::vector<std::string>& arguments) {
  std::vector<std::string> words{command};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

WorkspaceSettings workspace_settings_of(const Arguments& given, Purpose purpose,
                                        std::vector<std::string> arguments) {
  WorkspaceSettings settings{.overrides = overrides_of(given),
                             .planning = plan_settings_of(given, purpose),
                             .arguments = std::move(arguments)};
  settings.running.results = given.text("results");
  settings.running.worker_prefix = std::exchange(settings.planning.worker.prefix, {});
  return settings;
}

Workspace open_workspace(Experiment experiment, const Arguments& given,
                         std::vector<std::string> arguments) {
  Workspace workspace(std::move(experiment),
                      workspace_settings_of(given, Purpose::writing, std::move(arguments)),
                      Store::Mode::write);
  require_same_file(*workspace.store(), workspace.experiment(), given);
  return workspace;
}

}  // namespace earshot::host
