#include <algorithm>
#include <iostream>
#include <map>
#include <sstream>

#include "host/base/arguments.hpp"
#include "host/cli/command.hpp"
#include "host/cli/rows.hpp"
#include "host/store/queries.hpp"
#include "host/store/store.hpp"

namespace earshot::host {
namespace {

struct Counts {
  std::int64_t cells = 0, ok = 0, running = 0, pending = 0, not_ok = 0, skipped = 0;
};

/// By experiment and, with `by_encoder`, encoder, in the order of the file. A run whose runner is
/// gone counts as not ok, though its row says running until the next `runner run`.
std::vector<std::pair<std::pair<std::string, std::string>, Counts>> count(
    const Store& store, const std::string& experiment, bool by_encoder) {
  const auto lost = store.lost_runs();
  Statement rows(store.connection(),
                 "SELECT experiment, encoder, state, run_id FROM cell_state "
                 "WHERE ?1 = '' OR experiment = ?1 ORDER BY experiment, position");
  rows.bind_all(experiment);
  std::vector<std::pair<std::pair<std::string, std::string>, Counts>> found;
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  while (rows.step()) {
    const std::pair group{rows.text(0), by_encoder ? rows.text(1) : std::string()};
    const auto [place, fresh] = places.emplace(group, found.size());
    if (fresh) found.emplace_back(group, Counts{});
    auto& counts = found[place->second].second;
    const auto state = rows.text(2);
    const bool runs = state == "running" && !lost.contains(rows.integer(3));
    ++counts.cells;
    ++(state == "ok"        ? counts.ok
       : runs               ? counts.running
       : state == "pending" ? counts.pending
       : state == "skipped" ? counts.skipped
                            : counts.not_ok);
  }
  return found;
}

void print_counts(const Store& store, const std::string& experiment, Format format) {
  const bool one = !experiment.empty();
  TableWriter table(
      std::cout,
      {one ? "encoder" : "experiment", "cells", "ok", "running", "pending", "not_ok", "skipped"},
      format);
  Counts sum;
  const auto found = count(store, experiment, one);
  for (const auto& [group, counts] : found) {
    table.row({one ? group.second : group.first, counts.cells, counts.ok, counts.running,
               counts.pending, counts.not_ok, counts.skipped});
    sum.cells += counts.cells;
    sum.ok += counts.ok;
    sum.running += counts.running;
    sum.pending += counts.pending;
    sum.not_ok += counts.not_ok;
    sum.skipped += counts.skipped;
  }
  if (one && format == Format::table && found.size() > 1) {
    table.row({"all", sum.cells, sum.ok, sum.running, sum.pending, sum.not_ok, sum.skipped});
  }
  table.finish();
}

/// What is known of the encoders whose features are there.
void print_encoders(const Store& store, const std::string& experiment) {
  const auto& queries = named_queries();
  const auto query = std::find_if(queries.begin(), queries.end(),
                                  [](const auto& q) { return q.name == "encoders"; });
  Statement rows(store.connection(), query->sql);
  rows.bind_all(experiment);
  std::ostringstream table;
  if (print_rows(rows, table, Format::table) > 0) std::cout << '\n' << table.str();
}

/// Cells that a model is being trained in, with the last point of each of its curves.
void print_training(const Store& store, const std::string& experiment) {
  const auto& queries = named_queries();
  const auto query = std::find_if(queries.begin(), queries.end(),
                                  [](const auto& q) { return q.name == "training"; });
  Statement rows(store.connection(), query->sql);
  rows.bind_all(experiment);
  std::ostringstream table;
  if (print_rows(rows, table, Format::table) > 0) std::cout << "\nTraining:\n" << table.str();
}

/// By reason.
void print_skipped(const Store& store, const std::string& experiment) {
  Statement rows(store.connection(),
                 "SELECT count(*) AS cells, group_concat(DISTINCT encoder) AS encoder, "
                 "group_concat(DISTINCT task) AS task, error AS why FROM failure "
                 "WHERE experiment = ? AND state = 'skipped' GROUP BY error ORDER BY 1 DESC");
  rows.bind_all(experiment);
  std::ostringstream table;
  if (print_rows(rows, table, Format::table) > 0) std::cout << "\nSkipped:\n" << table.str();
}

/// The newest first.
void print_failures(const Store& store, const std::string& experiment, std::int64_t most) {
  const auto all = "FROM failure WHERE experiment = ? AND state <> 'skipped'";
  Statement counted(store.connection(), std::string("SELECT count(*) ") + all);
  counted.bind_all(experiment).step();
  if (counted.integer(0) == 0) return;
  std::cout << "\nNot ok:\n";
  Statement rows(store.connection(),
                 "SELECT cell, encoder, task, seed, fold, state, "
                 "attempts, error " +
                     std::string(all) + " ORDER BY run_id DESC LIMIT ?");
  rows.bind_all(experiment, most);
  print_rows(rows, std::cout, Format::table);
  if (most >= 0 && counted.integer(0) > most) {
    std::cout << "... and " << counted.integer(0) - most << " more: runner status " << experiment
              << " --failed\n";
  }
  std::cout << "What a cell printed: runner logs CELL\n";
}

/// Every cell with the beginning of its key, in the order of the file.
void print_cells(const Store& store, const std::string& experiment, Format format) {
  Statement rows(store.connection(),
                 "SELECT substr(cell_key, 1, 12) AS cell, encoder, task, mapper, language_model, "
                 "variant, seed, fold, split, state, attempts, run_id AS run FROM cell_state "
                 "WHERE experiment = ? ORDER BY position");
  rows.bind_all(experiment);
  print_rows(rows, std::cout, format);
}

/// Runs that are ok and say less than they seem to.
void print_warnings(const Store& store, const std::string& experiment) {
  Statement rows(store.connection(),
                 "SELECT substr(cell_key, 1, 12) AS cell, encoder, task, seed, fold, "
                 "error AS warning FROM cell_state WHERE experiment = ? AND state = 'ok' "
                 "AND error_kind = 'warning' ORDER BY position");
  rows.bind_all(experiment);
  std::ostringstream table;
  if (print_rows(rows, table, Format::table) > 0) std::cout << "\nWarned:\n" << table.str();
}

ExitCode status(const std::vector<std::string>& arguments) {
  Syntax syntax;
  syntax.command = "status";
  syntax.usage = "[EXPERIMENT]";
  syntax.description =
      "Shows how far experiments are, or how far each encoder of one is and what went wrong.";
  syntax.options.add_options()("failed", "all cells that are not ok, rather than the last ten")(
      "cells", "every cell of EXPERIMENT with its key, state and run");
  add_results_option(syntax.options);
  add_format_option(syntax.options);
  syntax.positionals = {{"experiment", 1}};
  syntax.examples =
      "  runner status\n"
      "  runner status ablation\n"
      "  runner status ablation --failed\n"
      "  runner status ablation --cells\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  const auto format = format_of(given->text("format"));
  const auto name = given->text("experiment");
  const Store store(given->text("results"), Store::Mode::read);
  if (!name.empty()) store.require_experiment(name);
  if (given->has("cells")) {
    if (name.empty()) refuse_usage("status", "--cells needs an EXPERIMENT");
    print_cells(store, name, format);
    return ExitCode::ok;
  }
  print_counts(store, name, format);
  if (!name.empty() && format == Format::table) {
    print_encoders(store, name);
    print_training(store, name);
    print_skipped(store, name);
    print_failures(store, name, given->has("failed") ? -1 : 10);
    print_warnings(store, name);
  }
  return ExitCode::ok;
}

}  // namespace

const Command status_command{"status", "shows how far an experiment is and what failed", status};

}  // namespace earshot::host
