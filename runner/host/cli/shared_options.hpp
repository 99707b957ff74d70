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

/// The argument FILE.toml of a command that needs what the file says, which results do not keep.
/// @throws Failure (usage): it is missing, or the name of an experiment
std::string experiment_file(const Arguments& given, const std::string& command);

/// --plugin-path, --cache, --worker-prefix.
void add_plugin_options(program_options::options_description& options);
/// Whether a command leaves results behind. One that only reads makes no folder where it is called:
/// if there is no cache yet, and neither it nor a results file is named, what it caches goes
/// to the user's cache folder, $XDG_CACHE_HOME/earshot.
enum class Purpose { reading, writing };

/// Notes and warnings go to stderr, "loading x.so" only if that is a terminal.
PlanSettings plan_settings_of(const Arguments& given, Purpose purpose = Purpose::reading);

/// The file that the results have an experiment of this name of, when it is another than the one
/// that is to run now: neither the same file nor one of the same text.
std::optional<std::string> other_file(const Store& store, const Experiment& experiment);

/// Adds --replace, for require_same_file().
void add_replace_option(program_options::options_description& options);

/// Refuses to make a file the latest revision of an experiment that is of another file, unless
/// --replace is given, or a person at the terminal agrees.
/// @throws Failure (usage) that names both files and what to do
void require_same_file(const Store& store, const Experiment& experiment, const Arguments& given);

/// A command with its arguments, as the provenance of its runs has them.
std::vector<std::string> command_line(const std::string& command,
                                      const std::vector<std::string>& arguments);

/// What a command line says to a Workspace: overrides, plugins, cache, results. --worker-prefix is
/// for what the cells do, not for the questions of planning.
/// @param arguments  of the command line, for provenance
WorkspaceSettings workspace_settings_of(const Arguments& given, Purpose purpose,
                                        std::vector<std::string> arguments);

/// The workspace of a command that adds to the results, with require_same_file().
Workspace open_workspace(Experiment experiment, const Arguments& given,
                         std::vector<std::string> arguments);

}  // namespace earshot::host
