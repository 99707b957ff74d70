#include <iostream>
#include <map>
#include <sstream>

#include "host/base/arguments.hpp"
#include "host/cli/command.hpp"
#include "host/cli/results.hpp"
#include "host/experiment/experiment.hpp"
#include "host/store/status_tables.hpp"

namespace earshot::host {
namespace {

/// Counts by experiment and, with `by_encoder`, by encoder, in the order of the file.
std::vector<std::pair<std::pair<std::string, std::string>, CellCounts>> count(
    const Store& store, const std::string& experiment, bool by_encoder) {
  const auto lost = store.lost_runs();
  std::vector<std::pair<std::pair<std::string, std::string>, CellCounts>> found;
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  for (const auto& cell : cell_states(store, experiment)) {
    const std::pair group{cell.experiment, by_encoder ? cell.encoder : std::string()};
    const auto [place, fresh] = places.emplace(group, found.size());
    if (fresh) found.emplace_back(group, CellCounts{});
    found[place->second].second.add(cell, lost);
  }
  return found;
}

void print_counts(const Store& store, const std::string& experiment, Format format) {
  const bool one = !experiment.empty();
  TableWriter table(
      std::cout,
      {one ? "encoder" : "experiment", "cells", "ok", "running", "pending", "not_ok", "skipped"},
      format);
  CellCounts sum;
  const auto found = count(store, experiment, one);
  for (const auto& [group, counts] : found) {
    table.row({one ? group.second : group.first, counts.cells, counts.ok, counts.running,
               counts.pending, counts.not_ok, counts.skipped});
    sum += counts;
  }
  if (one && format == Format::table && found.size() > 1) {
    table.row({"all", sum.cells, sum.ok, sum.running, sum.pending, sum.not_ok, sum.skipped});
  }
  table.finish();
}

/// Prints failures, the newest first.
void print_failures(const Store& store, const std::string& experiment, std::int64_t most) {
  const auto all = failed_cells(store, experiment);
  if (all == 0) return;
  std::cout << "\nNot ok:\n";
  print_rows(failure_table(store, experiment, most), std::cout, Format::table);
  if (most >= 0 && all > most) {
    std::cout << "... and " << all - most << " more: runner status " << experiment << " --failed\n";
  }
  std::cout << "To see what a cell printed: runner logs CELL\n";
}

ExitCode status(const std::vector<std::string>& arguments) {
  Syntax syntax;
  syntax.command = "status";
  syntax.usage = "[EXPERIMENT]";
  syntax.description =
      "Shows the progress of all experiments, or of each encoder of one, and what went wrong.\n"
      "EXPERIMENT is a name or FILE.toml.";
  syntax.options.add_options()("failed",
                               "lists all cells that are not ok, instead of the last ten")(
      "cells", "lists every cell of EXPERIMENT with its key, state and run");
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
  const auto name = experiment_name(given->text("experiment"));
  const Store store(given->text("results"), Store::Mode::read);
  if (!name.empty()) store.require_experiment(name);
  if (given->has("cells")) {
    if (name.empty()) refuse_usage("status", "--cells needs an EXPERIMENT");
    print_rows(cell_table(store, name), std::cout, format);
    return ExitCode::ok;
  }
  print_counts(store, name, format);
  if (!name.empty() && format == Format::table) {
    print_below(std::cout, "\n", encoder_table(store, name));
    print_below(std::cout, "\nTraining:\n", training_table(store, name));
    print_below(std::cout, "\nSkipped:\n", skipped_table(store, name));
    print_failures(store, name, given->has("failed") ? -1 : 10);
    print_below(std::cout, "\nWarned:\n", warning_table(store, name));
  }
  return ExitCode::ok;
}

}  // namespace

const Command status_command{"status", Group::look,
                             "shows the progress of experiments, and what failed", status};

}  // namespace earshot::host
