#pragma once
#include <string>
#include <vector>

#include "host/base/failure.hpp"

namespace earshot::host {

/// Sections of `runner --help`, in their order.
enum class Group { run, look, data, models, plugins, housekeeping };

/// A subcommand of `runner`. It is defined as `const Command <name>_command{...}` in its own file
/// (cli/<name>.cpp), declared below and listed in cli/commands.cpp.
struct Command {
  const char* name;
  Group group;
  const char* summary;  ///< one line for `runner --help`
  /// Runs with the arguments after the name. @throws Failure
  ExitCode (*run)(const std::vector<std::string>& arguments);
};

extern const Command run_command, plan_command, status_command, watch_command, logs_command,
    compare_command, query_command, export_command, report_command, plugins_command,
    describe_command, check_plugin_command, new_plugin_command, listen_command, lint_data_command,
    encode_command, import_predictions_command, rescore_command, answer_command, weights_command,
    repro_command, cache_command, db_command, experiments_command, complete_command,
    export_adapter_command, export_encoder_command, verify_command, view_command, version_command;

/// All commands; `runner --help` keeps their order within a group.
const std::vector<const Command*>& commands();

/// Runs `runner` with these arguments: finds the command and runs it; `runner FILE.toml ...` is
/// short for `runner run FILE.toml ...`. @throws Failure for an unknown command, with the nearest
/// one.
ExitCode dispatch(const std::vector<std::string>& arguments);

}  // namespace earshot::host
