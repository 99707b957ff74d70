#include "host/cli/rows.hpp"

#include <boost/program_options/value_semantic.hpp>

namespace earshot::host {

std::size_t print_rows(Statement& statement, std::ostream& out, Format format) {
  std::vector<std::string> names;
  for (int i = 0; i < statement.columns(); ++i)
    names.push_back(statement.column_name(i));
  TableWriter table(out, names, format, terminal_width());
  std::vector<Json> values(names.size());
  while (statement.step()) {
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = statement.value(static_cast<int>(i));
    table.row(values);
  }
  table.finish();
  return table.rows();
}

void add_format_option(boost::program_options::options_description& options,
                       const std::string& preset) {
  options.add_options()(
      "format",
      boost::program_options::value<std::string>()->value_name("F")->default_value(preset),
      "table, csv, json or jsonl (an object a line)");
}

}  // namespace earshot::host
