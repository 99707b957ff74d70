#pragma once
#include <optional>
#include <string>
#include <vector>

#include "host/base/arguments.hpp"
#include "host/schedule/workspace.hpp"

// Options and arguments that several commands share.

namespace earshot::host {

/// --set, --only, --skip, --limit.
void add_override_options(program_options::options_description& options);
Overrides overrides_of(const Arguments& given);

/// The argument FILE.toml of a command that needs the content of the file, not just its results.
/// @throws Failure (usage) if it is missing, or if it is the name of an experiment
std::string experiment_file(const Arguments& given, const std::string& command);

/// --plugin-path, --cache, --worker-prefix.
void add_plugin_options(program_options::options_description& options);
/// Whether a command writes results. A command that only reads creates no folder where it is
/// called: if there is no cache yet, and neither a cache nor a results file is named, it uses the
/// user's cache folder, $XDG_CACHE_HOME/earshot.
enum class Purpose { reading, writing };

/// Notes and warnings go to stderr; lines such as "loading x.so" only if it is a terminal.
PlanSettings plan_settings_of(const Arguments& given, Purpose purpose = Purpose::reading);

/// The file from which the results have an experiment with this name, if it is neither the file of
/// `experiment` nor has the same text.
std::optional<std::string> other_file(const Store& store, const Experiment& experiment);

/// Adds --replace, for require_same_file().
void add_replace_option(program_options::options_description& options);

/// Refuses to make a file the latest revision of an experiment from another file, unless --replace
/// is given or the user at the terminal agrees.
/// @throws Failure (usage) that names both files and what to do
void require_same_file(const Store& store, const Experiment& experiment, const Arguments& given);

/// A command with its arguments, for the provenance of its runs.
std::vector<std::string> command_line(const std::string& command,
                                      const std::vector<std::string>& arguments);

/// The settings of a Workspace from the command line: overrides, plugins, cache, results.
/// --worker-prefix applies to running cells, not to planning.
/// @param arguments  those of the command line, for provenance
WorkspaceSettings workspace_settings_of(const Arguments& given, Purpose purpose,
                                        std::vector<std::string> arguments);

/// The workspace of a command that adds to the results, with require_same_file().
Workspace open_workspace(Experiment experiment, const Arguments& given,
                         std::vector<std::string> arguments);

}  // namespace earshot::host
