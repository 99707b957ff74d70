#include <iostream>

#include <sqlite3.h>

#include "host/base/arguments.hpp"
#include "host/cli/command.hpp"
#include "host/store/content_hash.hpp"
#include "host/store/open.hpp"
#include "host/store/store.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

/// First versions whose write-ahead log is free of a race between connections.
constexpr int safe_sqlite = 3'051'003;

/// Problems, one line each.
std::vector<std::string> problems_of(const Store& store) {
  std::vector<std::string> problems;
  Statement integrity(store.connection(), "PRAGMA integrity_check");
  while (integrity.step()) {
    if (integrity.text(0) != "ok") problems.push_back(integrity.text(0));
  }
  Statement foreign(store.connection(), "PRAGMA foreign_key_check");
  while (foreign.step()) {
    problems.push_back("row " + foreign.text(1) + " of " + foreign.text(0) +
                       " refers to a missing row of " + foreign.text(2));
  }
  Statement half(store.connection(),
                 "SELECT run_id FROM run r WHERE state = 'ok' AND NOT EXISTS "
                 "(SELECT 1 FROM metric WHERE run_id = r.run_id)");
  while (half.step())
    problems.push_back("run " + half.text(0) + " is ok and has no metric");
  // Where pages are damaged, rows cannot be read.
  if (problems.empty()) problems = changed_content(store.connection());
  return problems;
}

ExitCode check(const std::string& file) {
  const Store store(file, Store::Mode::read);
  const auto& connection = store.connection();
  std::cout << file << ": schema " << connection.integer("PRAGMA user_version") << ", "
            << connection.integer("PRAGMA page_count") * connection.integer("PRAGMA page_size")
            << " bytes, SQLite " << sqlite3_libversion() << '\n';
  if (sqlite3_libversion_number() < safe_sqlite) {
    std::cout << "  (before 3.51.3 two writers at once can damage a file; Earshot writes from one "
                 "process)\n";
  }
  for (const char* table : {"experiment", "cell", "run", "stage", "metric", "prediction", "item"}) {
    std::cout << "  " << table << std::string(12 - std::string(table).size(), ' ')
              << connection.integer(std::string("SELECT count(*) FROM ") + table) << '\n';
  }
  const auto problems = problems_of(store);
  for (const auto& problem : problems)
    std::cout << "  problem: " << problem << '\n';
  if (!problems.empty()) {
    throw Failure(ExitCode::store_unusable,
                  file + ": has " + std::to_string(problems.size()) +
                      " problems; restore a backup, or rescue rows with: sqlite3 FILE .recover");
  }
  const auto unsealed =
      connection.integer("SELECT count(*) FROM run WHERE state = 'ok' AND content_sha256 IS NULL");
  if (unsealed > 0)
    std::cout << "  " << unsealed
              << " runs are from before schema 3 and have no hash of their rows\n";
  std::cout << "no problem found\n";
  return ExitCode::ok;
}

ExitCode db(const std::vector<std::string>& arguments) {
  Syntax syntax;
  syntax.command = "db";
  syntax.usage = "check | backup FILE | migrate";
  syntax.description =
      "  check    reads the whole file: structure, references, counts, and whether runs, items "
      "and\n"
      "           cells are as they were written, by their hashes; exit code 4 if damaged\n"
      "  backup   copies the results into a new FILE, also while an experiment runs\n"
      "  migrate  brings a file of an older runner to this one's schema, keeping a copy";
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
    if (!given->has("file")) refuse_usage("db", "the file to write is missing");
    back_up(results, given->text("file"));
    std::cout << results << " copied to " << given->text("file") << '\n';
    return ExitCode::ok;
  }
  if (given->has("file")) refuse_usage("db", "'" + action + "' takes no further argument");
  if (action == "check") return check(results);
  if (action == "migrate") {
    const Store store(results, Store::Mode::write);
    std::cout << results << ": schema " << store.connection().integer("PRAGMA user_version")
              << '\n';
    return ExitCode::ok;
  }
  const std::vector<std::string> known{"check", "backup", "migrate"};
  refuse_usage("db", (action.empty() ? "an action is missing" : "unknown action '" + action + "'") +
                         std::string("; allowed are ") + protocol::join(known) +
                         protocol::did_you_mean(action, known));
}

}  // namespace

const Command db_command{"db", "checks, copies or migrates a results file", db};

}  // namespace earshot::host
