#include "host/cli/rows.hpp"

#include <boost/program_options/value_semantic.hpp>

namespace earshot::host {

std::size_t print_rows(Rows rows, std::ostream& out, Format format) {
  TableWriter table(out, rows.columns(), format, terminal_width());
  for (std::vector<Json> values; rows.next(values);)
    table.row(values);
  table.finish();
  return table.rows();
}

void add_format_option(boost::program_options::options_description& options,
                       const std::string& preset) {
  options.add_options()(
      "format",
      boost::program_options::value<std::string>()->value_name("F")->default_value(preset),
      "table, csv, json or jsonl (one object per line)");
}

}  // namespace earshot::host
