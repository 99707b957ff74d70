#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <ostream>
#include <set>
#include <string>

#include <boost/program_options/options_description.hpp>

#include "host/base/table.hpp"
#include "host/store/run_lookup.hpp"
#include "host/store/selected_rows.hpp"
#include "host/store/status_tables.hpp"

// For commands that read results: which run is meant, and rows in every format.

namespace earshot::host {

/// The run or cell that a user means by `CELL | RUN`.
struct RunSelector {
  std::int64_t cell = 0;
  std::int64_t run = 0;  ///< 0: any run of the cell
};

/// A number of up to seven digits is a run; any other text is the beginning of the key of a cell
/// that has a run. @param command the command, for messages
/// @throws Failure (usage) if there is none, or if several keys begin like this
RunSelector select_run(const Store& store, const std::string& command, const std::string& text);

/// The same for a command that also accepts an experiment, by its name or FILE.toml, which means
/// its last run that did not end ok, or else its last run.
RunSelector select_run_or_experiment(const Store& store, const std::string& command,
                                     const std::string& text);

/// The path of a run's trained state, if it has one and it was not deleted.
std::filesystem::path trained_state_of(const RunOrigin& run, const std::filesystem::path& results);

/// Prints the rows under the names of their columns. @returns how many there are
std::size_t print_rows(Rows rows, std::ostream& out, Format format);

/// Prints the rows as a table for people below a title; nothing if there are none.
void print_below(std::ostream& out, const std::string& title, Rows rows);

/// Numbers of cells by state.
struct CellCounts {
  std::int64_t cells = 0, ok = 0, running = 0, pending = 0, not_ok = 0, skipped = 0;

  /// A run whose runner is gone counts as not ok, although its row says running until the next
  /// `runner run`. @param lost  such runs (Store::lost_runs)
  void add(const CellState& cell, const std::set<std::int64_t>& lost);
  CellCounts& operator+=(const CellCounts& other);
};

/// Adds `--format table|csv|json|jsonl|markdown|latex|html` with the default `preset`.
void add_format_option(boost::program_options::options_description& options,
                       const std::string& preset = "table");

}  // namespace earshot::host
