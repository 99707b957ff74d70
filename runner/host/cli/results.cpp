#include "host/cli/results.hpp"

#include <sstream>
#include <vector>

#include <boost/program_options/value_semantic.hpp>

#include "host/base/arguments.hpp"
#include "host/base/failure.hpp"
#include "host/experiment/experiment.hpp"
#include "host/plan/cell_identity.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

bool all_of(const std::string& text, const char* allowed) {
  return text.find_first_not_of(allowed) == std::string::npos;
}

std::vector<NamedRun> runs_called(const Store& store, const std::string& text) {
  if (text.size() >= 8 || !all_of(text, "0123456789")) return cells_beginning(store, text);
  const auto run = run_numbered(store, std::stoll(text));
  return run ? std::vector{*run} : std::vector<NamedRun>();
}

/// Runs and cells that `text` may mean.
std::vector<NamedRun> find_runs(const Store& store, const std::string& text) {
  return all_of(text, "0123456789abcdef") ? runs_called(store, text) : std::vector<NamedRun>();
}

RunSelector only_one(const std::vector<NamedRun>& found, const std::string& command,
                     const std::string& text) {
  if (found.empty())
    throw Failure(ExitCode::usage, "runner " + command + ": no run '" + text +
                                       "'; expected a run number or the first characters of a cell "
                                       "key. 'runner status EXPERIMENT --cells' shows the keys");
  if (found.size() == 1) return {found.front().cell, found.front().run};
  std::vector<std::string> keys;
  for (const auto& cell : found)
    keys.push_back(cell.key.substr(0, 16));
  throw Failure(ExitCode::usage, "runner " + command + ": several cells begin with '" + text +
                                     "': " + protocol::join(keys) +
                                     ". Give more characters of the key");
}

/// @throws Failure (usage) if it has no runs
RunSelector last_run_of(const Store& store, const std::string& command, const std::string& name) {
  store.require_experiment(name);
  std::int64_t last = 0, last_not_ok = 0;
  for (const auto& cell : cell_states(store, name)) {
    last = std::max(last, cell.run);
    if (cell.state != "ok") last_not_ok = std::max(last_not_ok, cell.run);
  }
  const auto run = run_numbered(store, last_not_ok > 0 ? last_not_ok : last);
  if (!run)
    throw Failure(ExitCode::usage, "runner " + command + ": '" + name +
                                       "' has no run yet. 'runner status " + name + "' shows why");
  return {run->cell, run->run};
}

}  // namespace

RunSelector select_run(const Store& store, const std::string& command, const std::string& text) {
  if (text.empty()) refuse_usage(command, "CELL or RUN is missing");
  return only_one(find_runs(store, text), command, text);
}

RunSelector select_run_or_experiment(const Store& store, const std::string& command,
                                     const std::string& text) {
  if (text.empty()) refuse_usage(command, "CELL, RUN or EXPERIMENT is missing");
  const auto name = experiment_name(text);
  if (name != text) return last_run_of(store, command, name);
  const auto found = find_runs(store, text);
  // If a name looks like a number or a key, runs and cells take precedence.
  if (found.empty() && (!all_of(text, "0123456789abcdef") || store.experiment(text)))
    return last_run_of(store, command, text);
  return only_one(found, command, text);
}

std::filesystem::path trained_state_of(const RunOrigin& run, const std::filesystem::path& results) {
  return std::filesystem::absolute(results).parent_path() / "state" /
         CellIdentity::from_json(run.identity).fit_key() / "fit.state";
}

std::size_t print_rows(Rows rows, std::ostream& out, Format format) {
  TableWriter table(out, rows.columns(), format, terminal_width());
  for (std::vector<Json> values; rows.next(values);)
    table.row(values);
  table.finish();
  return table.rows();
}

void print_below(std::ostream& out, const std::string& title, Rows rows) {
  std::ostringstream table;
  if (print_rows(std::move(rows), table, Format::table) > 0) out << title << table.str();
}

void CellCounts::add(const CellState& cell, const std::set<std::int64_t>& lost) {
  const bool runs = cell.state == "running" && !lost.contains(cell.run);
  ++cells;
  ++(cell.state == "ok"        ? ok
     : runs                    ? running
     : cell.state == "pending" ? pending
     : cell.state == "skipped" ? skipped
                               : not_ok);
}

CellCounts& CellCounts::operator+=(const CellCounts& other) {
  cells += other.cells;
  ok += other.ok;
  running += other.running;
  pending += other.pending;
  not_ok += other.not_ok;
  skipped += other.skipped;
  return *this;
}

void add_format_option(boost::program_options::options_description& options,
                       const std::string& preset) {
  options.add_options()(
      "format",
      boost::program_options::value<std::string>()->value_name("FORMAT")->default_value(preset),
      "table, csv, json, jsonl (one object per line), markdown, latex or html");
}

}  // namespace earshot::host
