#pragma once
#include <cstddef>
#include <ostream>
#include <string>

#include <boost/program_options/options_description.hpp>

#include "host/base/table.hpp"
#include "host/store/sqlite.hpp"

namespace earshot::host {

/// Runs the statement and prints its rows, named by its columns. @returns how many
std::size_t print_rows(Statement& statement, std::ostream& out, Format format);

/// Adds `--format table|csv|json|jsonl` with the default `preset`.
void add_format_option(boost::program_options::options_description& options,
                       const std::string& preset = "table");

}  // namespace earshot::host
