#include "host/cli/planning.hpp"

#include <iostream>
#include <sstream>

#include <unistd.h>

#include "host/base/failure.hpp"
#include "host/base/plain_text.hpp"

namespace earshot::host {

namespace po = program_options;

namespace {

/// An option that may be given again and again.
po::typed_value<std::vector<std::string>>* texts(const char* name) {
  return po::value<std::vector<std::string>>()->value_name(name);
}

}  // namespace

void add_override_options(po::options_description& options) {
  options.add_options()("set", texts("KEY=VALUE"),
                        "change a value of the file: task.room.options.lr=1e-4 (repeatable)")(
      "only", texts("AXIS=VALUES"), "only cells with these: encoder=mimi,htsat (repeatable)")(
      "skip", texts("AXIS=VALUES"), "no cells with these (repeatable)")(
      "limit", po::value<std::int64_t>()->value_name("N"), "at most so many cells");
}

Overrides overrides_of(const Arguments& given) {
  Overrides overrides{given.texts("set"), given.texts("only"), given.texts("skip")};
  if (given.has("limit")) overrides.limit = given.get<std::int64_t>("limit");
  if (given.has("limit") && overrides.limit < 1)
    throw Failure(ExitCode::usage, "--limit " + std::to_string(overrides.limit) +
                                       ": not a number of cells; allowed: 1 or more");
  return overrides;
}

void add_plugin_options(po::options_description& options) {
  options.add_options()("plugin-path", texts("FOLDER"),
                        "search plugins here first (repeatable; also EARSHOT_PLUGIN_PATH)")(
      "cache", po::value<std::string>()->value_name("FOLDER"),
      "features and remembered hashes (default: cache/ beside the results file; also "
      "EARSHOT_CACHE_DIR)")("worker-prefix", po::value<std::string>()->value_name("WORDS"),
                            "put in front of the worker: 'gdb --args'");
}

PlanSettings plan_settings_of(const Arguments& given) {
  PlanSettings settings;
  settings.plugin_paths = given.texts("plugin-path");
  settings.cache = cache_folder(given.text("cache"), given.text("results"));
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
  options.add_options()("option", texts("NAME=VALUE"), "an option of the component (repeatable)");
}

Json option_texts_of(const Arguments& given, const std::string& command) {
  auto options = Json::object();
  for (const auto& word : given.texts("option")) {
    const auto sign = word.find('=');
    if (sign == std::string::npos || sign == 0)
      refuse_usage(command, "--option '" + word + "'; allowed is NAME=VALUE");
    options[word.substr(0, sign)] = word.substr(sign + 1);
  }
  return options;
}

}  // namespace earshot::host
