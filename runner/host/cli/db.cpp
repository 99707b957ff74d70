#include <iostream>

#include "host/base/arguments.hpp"
#include "host/cli/command.hpp"
#include "host/store/file_check.hpp"
#include "host/store/open.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

ExitCode check(const std::string& file) {
  const Store store(file, Store::Mode::read);
  const auto summary = summary_of(store);
  std::cout << file << ": schema " << summary.schema << ", " << summary.bytes << " bytes, SQLite "
            << summary.sqlite << '\n';
  if (!summary.safe_sqlite) {
    std::cout << "  (before 3.51.3 two writers at once can damage a file; Earshot writes from one "
                 "process)\n";
  }
  for (const auto& [table, rows] : row_counts(store))
    std::cout << "  " << table << std::string(12 - table.size(), ' ') << rows << '\n';
  const auto problems = problems_of(store);
  for (const auto& problem : problems)
    std::cout << "  problem: " << problem << '\n';
  if (!problems.empty()) {
    throw Failure(ExitCode::store_unusable,
                  file + ": has " + std::to_string(problems.size()) +
                      " problems; restore a backup, or rescue rows with: sqlite3 FILE .recover");
  }
  std::cout << "no problems found\n";
  return ExitCode::ok;
}

ExitCode db(const std::vector<std::string>& arguments) {
  Syntax syntax;
  syntax.command = "db";
  syntax.usage = "check | backup FILE | migrate";
  syntax.description =
      "  check    reads the whole file and verifies structure, references, counts, and the hashes "
      "of\n"
      "           runs, items and cells; exit code 4 if damaged\n"
      "  backup   copies the results into a new FILE, even while an experiment runs\n"
      "  migrate  converts a file of an older runner to the current schema, and keeps a copy";
  add_results_option(syntax.options);
  syntax.positionals = {{"action", 1}, {"file", 1}};
  syntax.examples =
      "  runner db check\n"
      "  runner db backup results/2026-11-21.db\n"
      "  runner db check --results results/2026-11-21.db\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  const auto action = given->text("action"), results = given->text("results");
  if (action == "backup") {
    if (!given->has("file")) refuse_usage("db", "the output FILE is missing");
    back_up(results, given->text("file"));
    std::cout << results << " copied to " << given->text("file") << '\n';
    return ExitCode::ok;
  }
  if (given->has("file")) refuse_usage("db", "'" + action + "' takes no further argument");
  if (action == "check") return check(results);
  if (action == "migrate") {
    const Store store(results, Store::Mode::write);
    std::cout << results << ": schema " << summary_of(store).schema << '\n';
    return ExitCode::ok;
  }
  const std::vector<std::string> known{"check", "backup", "migrate"};
  refuse_usage("db", (action.empty() ? "an action is missing" : "unknown action '" + action + "'") +
                         std::string("; allowed are ") + protocol::join(known) +
                         protocol::did_you_mean(action, known));
}

}  // namespace

const Command db_command{"db", Group::housekeeping, "checks, copies or migrates a results file",
                         db};

}  // namespace earshot::host
