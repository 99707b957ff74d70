#include "host/analyse/compare.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "host/base/arguments.hpp"
#include "host/base/table.hpp"
#include "host/cli/command.hpp"
#include "host/experiment/experiment.hpp"
#include "host/store/open.hpp"

namespace earshot::host {
namespace {

namespace po = program_options;

void print_rows(const std::vector<ComparisonRow>& rows, Format format) {
  TableWriter table(std::cout, {"axis",       "base",       "candidate",       "hypothesis",
                                "task",       "condition",  "slice_dimension", "slice",
                                "metric",     "unit",       "base_value",      "candidate_value",
                                "delta",      "ci_low",     "ci_high",         "p_value",
                                "p_adjusted", "correction", "method",          "items",
                                "groups",     "seeds",      "missing",         "margin",
                                "verdict",    "note"},
                    format, terminal_width());
  for (const auto& row : rows)
    table.row({row.axis,       row.base,       row.candidate,       row.hypothesis,
               row.task,       row.condition,  row.slice_dimension, row.slice,
               row.metric,     row.unit,       row.base_value,      row.candidate_value,
               row.delta,      row.ci_low,     row.ci_high,         row.p_value,
               row.p_adjusted, row.correction, row.method,          row.items,
               row.groups,     row.seeds,      row.missing,         row.margin,
               row.verdict,    row.note});
  table.finish();
}

Syntax compare_syntax() {
  Syntax syntax{"compare", "EXPERIMENT",
                "Compares the values of an axis with one of them: differences of the metric on the "
                "items that both\n"
                "sides have, over all seeds, with 95 % intervals and p-values, followed by the "
                "verdicts on the\n"
                "experiment's hypotheses. Cells are paired if they differ only in this axis; each "
                "condition (the values\n"
                "of all other axes) has its own line. Differences and verdicts are stored in the "
                "table 'comparison'\n"
                "of the results file, unless an option restricts or averages them. EXPERIMENT is a "
                "name or FILE.toml."};
  add_results_option(syntax.options);
  const auto text = [] { return po::value<std::string>(); };
  const auto texts = [] { return po::value<std::vector<std::string>>()->composing(); };
  syntax.options.add_options()(
      "axis", text()->value_name("AXIS"),
      "the axis to compare; by default that of [compare], or else encoder")(
      "base", text()->value_name("VALUE"),
      "the value with which the others are compared; by default that of [compare], or else the "
      "first")("with", text()->value_name("EXPERIMENT"),
               "compares with another experiment, or another revision of this one: NAME, "
               "NAME@previous, or NAME@ and the first characters of its hash")(
      "by", texts()->value_name("WHAT"),
      "one line per slice of a dimension (category), class of a label, or value of an axis; names "
      "joined by commas are crossed, and each further --by adds a table")(
      "over", texts()->value_name("AXIS"),
      "averages over all values of an axis instead of giving each its own line")(
      "only", texts()->value_name("AXIS=VALUE,..."), "restricts to these values of an axis")(
      "interaction", text()->value_name("AXIS[=VALUE]"),
      "shows how the differences depend on another axis: differences of differences, relative to "
      "VALUE")("condition-on", texts()->value_name("GROUP"),
               "takes these groups as fixed (such as speaker): intervals hold for these speakers "
               "only, even if there are fewer than 10")(
      "metric", text()->value_name("METRIC"),
      "the metric; by default the primary one of each task")(
      "allow-different-scoring",
      "compares sides even if they were scored by different rules or versions of a metric")(
      "format", text()->value_name("FORMAT")->default_value("table"),
      "table; for papers markdown, latex or html; for programs csv, json or jsonl");
  syntax.positionals = {{"experiment", 1}};
  syntax.examples =
      "  runner compare ablation\n"
      "  runner compare quickstart --by noise_type,setting --only task=event\n"
      "  runner compare quickstart --over task\n"
      "  runner compare quickstart --interaction task=event\n"
      "  runner compare rooms --with rooms@previous\n"
      "  runner compare experiments/quickstart.toml --format csv > quickstart.csv\n"
      "  runner compare quickstart --base mfcc --format latex > quickstart.tex\n";
  return syntax;
}

/// All values of a repeated option, with those joined by commas separated.
std::vector<std::string> split_texts(const Arguments& given, const std::string& name) {
  std::vector<std::string> all;
  for (const auto& text : given.texts(name))
    for (std::size_t begin = 0; begin <= text.size();) {
      const auto end = std::min(text.find(',', begin), text.size());
      all.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  return all;
}

CompareOptions options_of(const Arguments& given, const std::string& name) {
  return {.experiment = name,
          .with = experiment_name(given.text("with")),
          .axis = given.text("axis"),
          .base = given.text("base"),
          .by = given.texts("by"),
          .over = split_texts(given, "over"),
          .only = given.texts("only"),
          .interaction = given.text("interaction"),
          .condition_on = split_texts(given, "condition-on"),
          .metric = given.text("metric"),
          .allow_different_scoring = given.has("allow-different-scoring")};
}

ExitCode run_compare(const std::vector<std::string>& arguments) {
  const auto given = parse(compare_syntax(), arguments);
  if (!given) return ExitCode::ok;
  const auto name = experiment_name(given->text("experiment"));
  if (name.empty()) refuse_usage("compare", "EXPERIMENT is missing: a name or FILE.toml");
  if (given->has("with") && (given->has("axis") || given->has("base")))
    refuse_usage("compare",
                 "--with compares two experiments, --axis and --base compare values within one; "
                 "use one or the other");
  const auto format = format_of(given->text("format"));

  const auto file = given->text("results");
  const auto options = options_of(*given, name);
  const bool keeps = options.plain() && name.find('@') == std::string::npos && may_write(file) &&
                     std::filesystem::exists(file);
  Store store(file, keeps ? Store::Mode::write : Store::Mode::read);
  const auto comparison = compare(store, options);
  const auto rows = rows_of(comparison);
  if (format == Format::table || is_document(format))
    print(std::cout, comparison, format, terminal_width());
  else
    print_rows(rows, format);
  if (keeps) store.record_comparisons(store.require_experiment(name), rows);
  return ExitCode::ok;
}

}  // namespace

const Command compare_command{"compare", Group::look,
                              "compares encoders, or values of another axis, with intervals",
                              run_compare};

}  // namespace earshot::host
