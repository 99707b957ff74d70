#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "host/base/arguments.hpp"
#include "host/base/plain_text.hpp"
#include "host/cli/command.hpp"
#include "host/cli/results.hpp"
#include "host/store/run_lookup.hpp"

namespace earshot::host {
namespace {

void print_log(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    std::cout << "the log " << file.string() << " no longer exists\n";
    return;
  }
  // Line by line, since a carriage return would hide the beginning of its line.
  for (std::string line; std::getline(stream, line);) {
    std::replace(line.begin(), line.end(), '\r', '\n');
    std::cout << plain_text(line) << '\n';
  }
}

ExitCode logs(const std::vector<std::string>& arguments) {
  Syntax syntax;
  syntax.command = "logs";
  syntax.usage = "CELL | RUN | EXPERIMENT";
  syntax.description =
      "Prints the output of the worker for a cell (given by the first characters of its key) or a "
      "run\n"
      "(given by its number). Of an experiment (a name or FILE.toml) it takes the last run that is "
      "not ok,\n"
      "or the last run if all are ok. For a cell, --attempt selects an attempt; the default is the "
      "last one.\n"
      "'runner status EXPERIMENT --cells' shows the keys.";
  syntax.options.add_options()("attempt", program_options::value<std::int64_t>()->value_name("N"),
                               "which attempt, counted from 1");
  add_results_option(syntax.options);
  syntax.positionals = {{"run", 1}};
  syntax.examples =
      "  runner logs 3f9a12c4\n"
      "  runner logs 3f9a12c4 --attempt 1\n"
      "  runner logs 17\n"
      "  runner logs experiments/ablation.toml\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  const auto results = given->text("results");
  const Store store(results, Store::Mode::read);
  const auto text = given->text("run");
  const auto selected = select_run_or_experiment(store, "logs", text);
  const auto attempt = given->has("attempt") ? given->get<std::int64_t>("attempt") : 0;
  const auto found = find_attempt(store, selected.cell, selected.run, attempt);
  if (!found)
    throw Failure(ExitCode::usage,
                  "runner logs: '" + text + "' has no attempt " + std::to_string(attempt));
  std::cout << "run " << found->run << ", cell " << found->key.substr(0, 12) << ", attempt "
            << found->number << " of " << found->attempts << ": " << found->state << '\n';
  if (!found->error.empty()) std::cout << plain_text(found->error) << '\n';
  if (found->log)
    print_log(store.resolve(*found->log));
  else
    std::cout << (found->state == "running" ? "it is still running\n" : "it left no log\n");
  std::cout << std::flush;
  return ExitCode::ok;
}

}  // namespace

const Command logs_command{"logs", Group::look, "prints the log of a cell's worker", logs};

}  // namespace earshot::host
