#include <cstdio>
#include <iostream>

#include "host/cli/command.hpp"
#include "host/cli/project.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

bool is_experiment_file(const std::string& argument) {
  return argument.ends_with(".toml");
}

void print_group(Group group, const char* title) {
  std::cout << title << '\n';
  for (const auto* command : commands()) {
    if (command->group != group) continue;
    const std::string name = command->name;
    std::cout << "  " << name << std::string(name.size() < 20 ? 20 - name.size() : 1, ' ')
              << command->summary << '\n';
  }
  std::cout << '\n';
}

void print_help() {
  std::cout << "runner: what does an audio representation keep, and what does it throw away?\n\n"
               "Usage: runner FILE.toml [options]     runs an experiment, or resumes it\n"
               "       runner COMMAND [arguments]\n\n";
  print_group(Group::run, "Run experiments");
  print_group(Group::look, "Look at results (EXPERIMENT is a name or FILE.toml)");
  print_group(Group::data, "Check data");
  print_group(Group::models, "Use models");
  print_group(Group::plugins, "Find and write plugins");
  print_group(Group::housekeeping, "Manage results and the cache");
  std::cout << "'runner COMMAND --help' has details and examples.\n\n"
               "Exit codes: 0 all cells are ok; 1 some are not; 2 bad usage or experiment file;\n"
               "            3 a plugin was refused; 4 the results file cannot be used;\n"
               "            130 or 143 interrupted\n"
            << std::flush;
}

[[noreturn]] void refuse_unknown(const std::string& name) {
  std::vector<std::string> names;
  for (const auto* command : commands())
    names.emplace_back(command->name);
  const auto guess = protocol::did_you_mean(name, names);
  throw Failure(ExitCode::usage, "runner: unknown command '" + name +
                                     "'; allowed are a file that ends in .toml, or " +
                                     protocol::join(names) + (guess.empty() ? "." : guess) +
                                     " See 'runner --help'");
}

}  // namespace

const std::vector<const Command*>& commands() {
  static const std::vector<const Command*> all{&run_command,
                                               &plan_command,
                                               &status_command,
                                               &watch_command,
                                               &logs_command,
                                               &compare_command,
                                               &query_command,
                                               &export_command,
                                               &report_command,
                                               &view_command,
                                               &verify_command,
                                               &experiments_command,
                                               &plugins_command,
                                               &describe_command,
                                               &check_plugin_command,
                                               &new_plugin_command,
                                               &listen_command,
                                               &lint_data_command,
                                               &encode_command,
                                               &complete_command,
                                               &import_predictions_command,
                                               &rescore_command,
                                               &answer_command,
                                               &export_adapter_command,
                                               &export_encoder_command,
                                               &weights_command,
                                               &repro_command,
                                               &cache_command,
                                               &db_command,
                                               &version_command};
  return all;
}

ExitCode dispatch(const std::vector<std::string>& arguments) {
  const auto& name = arguments.empty() ? "--help" : arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    print_help();
    return ExitCode::ok;
  }
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (name == "--version") return version_command.run(rest);
  apply_project();
  if (is_experiment_file(name)) return run_command.run(arguments);
  for (const auto* command : commands())
    if (name == command->name) return command->run(rest);
  // `runner -j 4 x.toml` is meant as `runner run -j 4 x.toml`.
  if (name.starts_with("-")) return run_command.run(arguments);
  refuse_unknown(name);
}

}  // namespace earshot::host
