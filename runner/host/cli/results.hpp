#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>

#include <boost/program_options/options_description.hpp>

#include "host/base/table.hpp"
#include "host/store/run_lookup.hpp"
#include "host/store/selected_rows.hpp"

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

/// Adds `--format table|csv|json|jsonl|markdown|latex|html` with the default `preset`.
void add_format_option(boost::program_options::options_description& options,
                       const std::string& preset = "table");

}  // namespace earshot::host
