#include "host/cli/outcome.hpp"

#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include "host/base/defaults.hpp"
#include "host/base/plain_text.hpp"
#include "host/base/table.hpp"
#include "host/store/metric_values.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

constexpr std::size_t most_lines = 10;  // lines of reasons and failures; `runner status` shows all

using Tally = std::vector<std::pair<std::string, std::int64_t>>;

void count(Tally& counts, const std::string& what) {
  const auto known = std::find_if(counts.begin(), counts.end(),
                                  [&](const auto& entry) { return entry.first == what; });
  if (known == counts.end())
    counts.emplace_back(what, 1);
  else
    ++known->second;
}

void print_counts(std::ostream& out, const std::string& head, const Tally& counts) {
  std::size_t shown = 0;
  for (const auto& [what, number] : counts) {
    if (++shown > most_lines) break;
    out << head << number << "  " << plain_text(what) << '\n';
  }
  if (counts.size() > most_lines)
    out << head << "and " << counts.size() - most_lines << " more reasons\n";
}

/// A table of means with a row for each task and a column for each encoder.
struct Grid {
  std::vector<std::string> rows{}, encoders{}, extras{};  ///< in the order of first occurrence
  std::map<std::pair<std::string, std::string>, double> values{};

  static void see(std::vector<std::string>& list, const std::string& name) {
    if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
  }
};

Grid grid_of(const Store& store, const std::string& experiment) {
  Grid grid;
  std::map<std::string, std::string> metric_of;
  struct Line {
    std::string label, column;
    double value;
    bool primary;
  };
  std::vector<Line> lines;
  for (const auto& mean : mean_metrics(store, experiment)) {
    std::string label = mean.task;
    for (const auto* part : {&mean.mapper, &mean.language_model, &mean.variant})
      if (!part->empty()) label += "  " + *part;
    lines.push_back({label, mean.primary ? mean.encoder : mean.metric, mean.value, mean.primary});
    if (mean.primary) metric_of[label] = mean.metric;
  }
  for (const auto& line : lines) {
    const auto row = line.label + "\t" + metric_of[line.label];
    Grid::see(grid.rows, row);
    Grid::see(line.primary ? grid.encoders : grid.extras, line.column);
    grid.values[{row, line.column}] = line.value;
  }
  return grid;
}

/// Prints a row for each encoder, if there are too many for columns.
void print_long(std::ostream& out, const Grid& grid) {
  std::vector<std::string> columns{"task", "metric", "encoder", "value"};
  TableWriter table(out, columns, Format::table);
  auto names = grid.encoders;
  names.insert(names.end(), grid.extras.begin(), grid.extras.end());
  for (const auto& row : grid.rows)
    for (const auto& name : names) {
      const auto value = grid.values.find({row, name});
      const auto tab = row.find('\t');
      if (value != grid.values.end())
        table.row({row.substr(0, tab), row.substr(tab + 1), name, value->second});
    }
  table.finish();
}

}  // namespace

const char* name_of(Decision decision) {
  switch (decision) {
    case Decision::run:
      return "run";
    case Decision::cached:
      return "cached";
    case Decision::excluded:
      return "excluded";
    case Decision::left_out:
      return "left out";
    case Decision::skipped:
      break;
  }
  return "skipped";
}

std::map<Decision, std::int64_t> count_decisions(const Plan& plan) {
  std::map<Decision, std::int64_t> counts;
  for (const auto& cell : plan.cells)
    ++counts[cell.decision];
  return counts;
}

Json plan_event(const Plan& plan) {
  auto counts = count_decisions(plan);
  return {
      {"event", "plan"},
      {"experiment", plan.experiment.name},
      {"total", counts[Decision::run]},
      {"cached", counts[Decision::cached]},
      {"excluded", counts[Decision::excluded]},
      {"left_out", counts[Decision::left_out]},
      {"skipped", counts[Decision::skipped]},
      {"expected", counts[Decision::run] + counts[Decision::cached] + counts[Decision::skipped]}};
}

Json summary_event(const Summary& summary) {
  return {{"event", "summary"},
          {"expected", summary.expected},
          {"ok", summary.ok},
          {"cached", summary.cached},
          {"elsewhere", summary.elsewhere},
          {"failed", summary.failed},
          {"skipped", summary.skipped},
          {"unfinished", summary.unfinished},
          {"attempts", summary.attempts},
          {"seconds", summary.seconds},
          {"exit", static_cast<int>(summary.exit_code())}};
}

void print_plan_summary(std::ostream& out, const Plan& plan) {
  auto counts = count_decisions(plan);
  Tally run, skipped, excluded;
  for (const auto& cell : plan.cells) {
    // Reasons such as "failed before: <message>" count as one, whatever the message.
    if (cell.decision == Decision::run) count(run, cell.reason.substr(0, cell.reason.find(':')));
    if (cell.decision == Decision::skipped) count(skipped, cell.reason);
    if (cell.decision == Decision::excluded) count(excluded, cell.reason);
  }
  out << "plan  " << counts[Decision::run] << (counts[Decision::run] == 1 ? " cell" : " cells")
      << " to run, " << counts[Decision::cached] << " cached";
  for (const auto other : {Decision::excluded, Decision::left_out, Decision::skipped})
    if (counts[other] > 0) out << ", " << counts[other] << ' ' << name_of(other);
  out << '\n';
  if (run.size() > 1 || (run.size() == 1 && run.front().first != "new"))
    print_counts(out, "  run       ", run);
  print_counts(out, "  excluded  ", excluded);
  print_counts(out, "  skipped   ", skipped);
  for (const auto& note : plan.notes)
    out << "  note      " << plain_text(note) << '\n';
}

void print_results(std::ostream& out, const Store& store, const std::string& experiment) {
  const auto grid = grid_of(store, experiment);
  if (grid.rows.empty()) return;
  out << '\n';
  if (grid.encoders.size() + grid.extras.size() > 8) return print_long(out, grid);
  std::vector<std::string> columns{"task", "metric"};
  columns.insert(columns.end(), grid.encoders.begin(), grid.encoders.end());
  columns.insert(columns.end(), grid.extras.begin(), grid.extras.end());
  TableWriter table(out, columns, Format::table);
  for (const auto& row : grid.rows) {
    const auto tab = row.find('\t');
    std::vector<Json> cells{row.substr(0, tab), row.substr(tab + 1)};
    for (std::size_t i = 2; i < columns.size(); ++i) {
      const auto value = grid.values.find({row, columns[i]});
      cells.push_back(value == grid.values.end() ? Json() : Json(value->second));
    }
    table.row(cells);
  }
  table.finish();
}

void print_failures(const Summary& summary) {
  for (const auto& failure : summary.failures)
    std::cerr << failure.label << ": " << failure.error << '\n';
}

void print_ending(std::ostream& out, const Summary& summary, const std::string& experiment,
                  const std::string& results) {
  const std::string option = results == defaults().results ? "" : " --results " + results;
  out << '\n';
  std::size_t shown = 0;
  for (const auto& failure : summary.failures) {
    if (++shown > most_lines) {
      out << "and " << summary.failures.size() - most_lines << " more: runner status " << experiment
          << " --failed" << option << '\n';
      break;
    }
    out << failure.state << "  " << plain_text(failure.label + "  " + failure.error) << '\n'
        << "        runner logs " << failure.key.substr(0, 8) << option << '\n';
  }
  for (const auto& [reason, cells] : summary.not_begun)
    out << "not begun  " << cells << " cells, because " << plain_text(reason) << '\n';
  out << "done  " << summary.expected << (summary.expected == 1 ? " cell: " : " cells: ")
      << summary.ok << " ok";
  if (summary.failed > 0) out << ", " << summary.failed << " failed";
  if (summary.skipped > 0) out << ", " << summary.skipped << " skipped";
  if (summary.unfinished > 0) out << ", " << summary.unfinished << " not run";
  out << "; " << summary.attempts << " run";
  if (summary.cached > 0) out << ", " << summary.cached << " cached";
  if (summary.elsewhere > 0) out << ", " << summary.elsewhere << " by another runner";
  out << "   " << clock_text(summary.seconds) << '\n';
  if (summary.signal != 0)
    out << "interrupted\nmore  the same command resumes where this run stopped\n";
  if (summary.ok > 0) out << "more  runner compare " << experiment << option << '\n';
}

}  // namespace earshot::host
