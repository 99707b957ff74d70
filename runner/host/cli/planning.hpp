#pragma once
#include "host/base/arguments.hpp"
#include "host/plan/planner.hpp"

// Options that `run` and `plan` share, and some of them others.

namespace earshot::host {

/// --set, --only, --skip, --limit.
void add_override_options(program_options::options_description& options);
Overrides overrides_of(const Arguments& given);

/// The argument FILE.toml of a command that needs what the file says, which results do not keep.
/// @throws Failure (usage): it is missing, or the name of an experiment
std::string experiment_file(const Arguments& given, const std::string& command);

/// Leaves out the cells to run whose last attempt did not fail; with no results so far all.
void keep_failed_only(Plan& plan, const Store* store);

/// --plugin-path, --cache, --worker-prefix.
void add_plugin_options(program_options::options_description& options);
/// Whether a command leaves results behind. One that only reads makes no folder where it is called:
/// if there is no cache yet, and neither it nor a results file is named, what it caches goes
/// to the user's cache folder, $XDG_CACHE_HOME/earshot.
enum class Purpose { reading, writing };

/// Notes and warnings go to stderr, "loading x.so" only if that is a terminal.
PlanSettings plan_settings_of(const Arguments& given, Purpose purpose = Purpose::reading);

/// --option NAME=VALUE, of a component that is used without an experiment file.
void add_value_option(program_options::options_description& options);
/// Its texts by name, to be read by protocol::typed(). @throws Failure (usage): not NAME=VALUE
Json option_texts_of(const Arguments& given, const std::string& command);

}  // namespace earshot::host
