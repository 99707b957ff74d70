#include "host/analyse/compare.hpp"

#include <iostream>

#include <unistd.h>

#include "host/base/arguments.hpp"
#include "host/base/table.hpp"
#include "host/cli/command.hpp"
#include "host/experiment/experiment.hpp"

namespace earshot::host {
namespace {

namespace po = program_options;

void print_rows(const std::vector<ComparisonRow>& rows, Format format) {
  TableWriter table(std::cout,
                    {"axis",
                     "base",
                     "candidate",
                     "hypothesis",
                     "task",
                     "slice_dimension",
                     "slice",
                     "metric",
                     "unit",
                     "base_value",
                     "candidate_value",
                     "delta",
                     "ci_low",
                     "ci_high",
                     "p_value",
                     "p_adjusted",
                     "correction",
                     "method",
                     "items",
                     "groups",
                     "seeds",
                     "missing",
                     "margin",
                     "verdict",
                     "note"},
                    format);
  for (const auto& row : rows)
    table.row({row.axis,
               row.base,
               row.candidate,
               row.hypothesis,
               row.task,
               row.slice_dimension,
               row.slice,
               row.metric,
               row.unit,
               row.base_value,
               row.candidate_value,
               row.delta,
               row.ci_low,
               row.ci_high,
               row.p_value,
               row.p_adjusted,
               row.correction,
               row.method,
               row.items,
               row.groups,
               row.seeds,
               row.missing,
               row.margin,
               row.verdict,
               row.note});
  table.finish();
}

Syntax syntax() {
  Syntax syntax{
      "compare", "EXPERIMENT|FILE.toml",
      "Compares the values of an axis with one of them: differences of the metric on the items "
      "that both\nsides have, over all seeds, with 95 % intervals and p-values; then the verdicts "
      "on the experiment's\nhypotheses. Both are kept in the table 'comparison' of the results "
      "file."};
  add_results_option(syntax.options);
  const auto text = [] { return po::value<std::string>(); };
  syntax.options.add_options()("axis", text()->value_name("AXIS"),
                               "what differs; by default the axis of [compare], else encoder")(
      "base", text()->value_name("VALUE"),
      "what the others are compared with; by default that of [compare], else the first")(
      "by", text()->value_name("DIMENSION"),
      "a line for each slice of a dimension, as category; by default for each task")(
      "metric", text()->value_name("METRIC"), "by default the primary one of each task")(
      "format", text()->value_name("FORMAT")->default_value("table"), "table, md, csv or json");
  syntax.positionals = {{"experiment", 1}};
  syntax.examples =
      "  runner compare ablation\n"
      "  runner compare ablation --base htsat --by category\n"
      "  runner compare experiments/quickstart.toml --format csv > quickstart.csv\n";
  return syntax;
}

ExitCode run(const std::vector<std::string>& arguments) {
  const auto given = parse(syntax(), arguments);
  if (!given) return ExitCode::ok;
  auto name = given->text("experiment");
  if (name.empty()) refuse_usage("compare", "which experiment? give its name or its file");
  const auto format = given->text("format");
  const bool markdown = format == "md";
  const auto rows_format = markdown ? Format::table : format_of(format);
  if (name.ends_with(".toml")) name = read_experiment(name, {}).name;

  const auto file = given->text("results");
  const bool writable = ::access(file.c_str(), W_OK) == 0;
  Store store(file, writable ? Store::Mode::write : Store::Mode::read);
  const auto comparison = compare(store, {.experiment = name,
                                          .axis = given->text("axis"),
                                          .base = given->text("base"),
                                          .by = given->text("by"),
                                          .metric = given->text("metric")});
  const auto rows = rows_of(comparison);
  if (rows_format == Format::table)
    print(std::cout, comparison, markdown);
  else
    print_rows(rows, rows_format);
  if (writable) store.record_comparisons(store.require_experiment(name), rows);
  return ExitCode::ok;
}

}  // namespace

const Command compare_command{"compare", "compares the values of an axis, with intervals", run};

}  // namespace earshot::host
