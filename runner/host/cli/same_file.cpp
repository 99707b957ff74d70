#include "host/cli/same_file.hpp"

#include <filesystem>
#include <iostream>

#include <unistd.h>

#include "host/base/failure.hpp"
#include "host/store/revisions.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

/// Whether `before`, as a results file keeps it, is the file at `now`, or was before that was
/// moved. Earlier versions kept paths as they were given: where such a one leads nowhere from here,
/// its end must fit.
bool is_same(const fs::path& before, const fs::path& now) {
  std::error_code ignored;
  if (fs::exists(before, ignored)) return fs::equivalent(before, now, ignored);
  if (before.is_absolute()) return true;
  const auto path = fs::weakly_canonical(now, ignored);
  return path.string().ends_with("/" + before.lexically_normal().string());
}

/// Asks a person; whoever is no person says no.
bool agrees(const std::string& question) {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) return false;
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace

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

}  // namespace earshot::host
