#pragma once
#include <cstddef>
#include <ostream>
#include <string>

#include <boost/program_options/options_description.hpp>

#include "host/base/table.hpp"
#include "host/store/selected_rows.hpp"

namespace earshot::host {

/// Prints the rows, named by their columns. @returns how many
std::size_t print_rows(Rows rows, std::ostream& out, Format format);

/// Adds `--format table|csv|json|jsonl` with the default `preset`.
void add_format_option(boost::program_options::options_description& options,
                       const std::string& preset = "table");

}  // namespace earshot::host
