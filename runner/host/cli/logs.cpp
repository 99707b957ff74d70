#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "host/base/arguments.hpp"
#include "host/cli/command.hpp"
#include "host/store/store.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

bool all_of(const std::string& text, const char* allowed) {
  return text.find_first_not_of(allowed) == std::string::npos;
}

/// A number of up to seven digits is a run; else the text is how a cell's key begins.
bool is_run(const std::string& wanted) {
  return wanted.size() < 8 && all_of(wanted, "0123456789");
}

[[noreturn]] void refuse_unknown(const std::string& wanted) {
  throw Failure(ExitCode::usage, "runner logs: no run '" + wanted +
                                     "'; expected the number of a run, or how the key of a cell "
                                     "begins. 'runner status EXPERIMENT' shows keys");
}

std::int64_t cell_of(const Store& store, const std::string& wanted) {
  Statement cells(store.connection(),
                  "SELECT cell_id, substr(key, 1, 16) FROM cell WHERE key >= ?1 AND "
                  "key < ?1 || 'g' AND EXISTS (SELECT 1 FROM run WHERE run.cell_id = cell.cell_id) "
                  "LIMIT 6");
  cells.bind_all(wanted);
  std::vector<std::string> keys;
  std::int64_t cell = 0;
  while (cells.step()) {
    cell = cells.integer(0);
    keys.push_back(cells.text(1));
  }
  if (keys.empty()) refuse_unknown(wanted);
  if (keys.size() > 1) {
    throw Failure(ExitCode::usage, "runner logs: several cells begin with '" + wanted +
                                       "': " + protocol::join(keys) + ". give more of the key");
  }
  return cell;
}

void print_log(const std::filesystem::path& log, const std::filesystem::path& results) {
  auto file = log;
  if (!std::filesystem::exists(file)) file = results.parent_path() / log;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    std::cout << "its log " << log.string() << " is gone\n";
    return;
  }
  if (stream.peek() != std::ifstream::traits_type::eof()) std::cout << stream.rdbuf();
}

ExitCode logs(const std::vector<std::string>& arguments) {
  Syntax syntax;
  syntax.command = "logs";
  syntax.usage = "CELL | RUN";
  syntax.description =
      "Prints what the worker printed while it ran a cell, given by how its key begins, or one run "
      "by\nits number. Of a cell it is the last attempt unless --attempt says otherwise.";
  syntax.options.add_options()("attempt", program_options::value<std::int64_t>()->value_name("N"),
                               "which attempt, counted from 1");
  add_results_option(syntax.options);
  syntax.positionals = {{"wanted", 1}};
  syntax.examples =
      "  runner logs 3f9a12c4\n"
      "  runner logs 3f9a12c4 --attempt 1\n"
      "  runner logs 17\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  const auto wanted = given->text("wanted");
  if (wanted.empty()) refuse_usage("logs", "a cell or a run is missing");
  if (!is_run(wanted) && !all_of(wanted, "0123456789abcdef")) refuse_unknown(wanted);
  const auto results = given->text("results");
  const Store store(results, Store::Mode::read);
  const bool one_run = is_run(wanted);
  const auto id = one_run ? std::stoll(wanted) : cell_of(store, wanted);
  const auto attempt = given->has("attempt") ? given->get<std::int64_t>("attempt") : 0;
  Statement row(store.connection(),
                std::string("SELECT r.run_id, c.key, r.attempt, r.state, r.error, r.log, (SELECT "
                            "max(attempt) FROM run WHERE cell_id = c.cell_id) FROM run r "
                            "JOIN cell c USING (cell_id) WHERE ") +
                    (one_run ? "r.run_id" : "r.cell_id") +
                    " = ? AND (?2 = 0 OR r.attempt = ?2) ORDER BY r.attempt DESC LIMIT 1");
  row.bind_all(std::int64_t{id}, attempt);
  if (!row.step()) {
    if (attempt == 0) refuse_unknown(wanted);
    throw Failure(ExitCode::usage,
                  "runner logs: '" + wanted + "' has no attempt " + std::to_string(attempt));
  }
  std::cout << "run " << row.integer(0) << ", cell " << row.text(1).substr(0, 12) << ", attempt "
            << row.integer(2) << " of " << row.integer(6) << ": " << row.text(3) << '\n';
  if (!row.is_null(4)) std::cout << row.text(4) << '\n';
  if (row.is_null(5)) {
    std::cout << (row.text(3) == "running" ? "it still runs\n" : "it left no log\n");
  } else {
    print_log(row.text(5), results);
  }
  std::cout << std::flush;
  return ExitCode::ok;
}

}  // namespace

const Command logs_command{"logs", "prints what a cell's worker printed", logs};

}  // namespace earshot::host
