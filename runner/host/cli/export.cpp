#include <cmath>
#include <cstdio>
#include <iostream>

#include "host/base/arguments.hpp"
#include "host/cli/command.hpp"
#include "host/cli/rows.hpp"
#include "host/store/store.hpp"

namespace earshot::host {
namespace {

const char* const results_sql =
    "SELECT experiment, cell_key, encoder, weights, pretrain_data, in_domain, dataset, gold_from, "
    "task, mapper, language_model, variant, seed, fold, slice_dimension, slice, metric, unit, "
    "value, nonfinite, n, ci_low, ci_high, "
    "no_interval FROM result WHERE experiment = ? ORDER BY position, slice_dimension, slice, "
    "metric";

const char* const predictions_sql =
    "SELECT m.encoder, m.task, m.mapper, m.language_model, m.variant, m.seed, m.fold, "
    "c.key AS cell_key, p.item AS position, i.id AS item, p.value, p.output, c.primary_metric, "
    "p.mark, p.marks, i.labels, i.slices, i.groups FROM experiment e "
    "CROSS JOIN experiment_cell m ON m.experiment_id = e.experiment_id "
    "CROSS JOIN cell c ON c.cell_id = m.cell_id AND c.split = 'test' "
    "CROSS JOIN run r ON r.cell_id = c.cell_id AND r.state = 'ok' "
    "CROSS JOIN prediction p ON p.run_id = r.run_id "
    "LEFT JOIN item i ON i.dataset_id = c.dataset_id AND i.position = p.item "
    "WHERE e.name = ? AND e.latest = 1 ORDER BY m.position, p.item";

// Without names of labels and the order of the file: what must be equal whenever keys are equal.
const char* const canonical_metrics_sql =
    "SELECT DISTINCT c.key, s.dimension, s.name, d.name, d.version, v.value, v.nonfinite, v.n, "
    "v.ci_low, v.ci_high FROM experiment e "
    "CROSS JOIN experiment_cell m ON m.experiment_id = e.experiment_id "
    "CROSS JOIN cell c ON c.cell_id = m.cell_id "
    "CROSS JOIN run r ON r.cell_id = c.cell_id AND r.state = 'ok' "
    "CROSS JOIN metric v ON v.run_id = r.run_id "
    "CROSS JOIN metric_definition d ON d.metric_id = v.metric_id "
    "CROSS JOIN slice s ON s.slice_id = v.slice_id "
    "WHERE e.name = ? AND e.latest = 1 ORDER BY 1, 2, 3, 4, 5";
const char* const canonical_predictions_sql =
    "SELECT DISTINCT c.key, p.item, p.value, p.output, p.mark, p.marks FROM experiment e "
    "CROSS JOIN experiment_cell m ON m.experiment_id = e.experiment_id "
    "CROSS JOIN cell c ON c.cell_id = m.cell_id "
    "CROSS JOIN run r ON r.cell_id = c.cell_id AND r.state = 'ok' "
    "CROSS JOIN prediction p ON p.run_id = r.run_id "
    "WHERE e.name = ? AND e.latest = 1 ORDER BY 1, 2";

/// Numbers with all their bits, text as JSON so that a line stays a line.
std::string exact(const Json& value) {
  if (value.is_number_float()) {
    char text[40];
    std::snprintf(text, sizeof text, "%a", value.get<double>());
    return text;
  }
  return value.is_null() ? "-" : value.dump(-1, ' ', true, Json::error_handler_t::replace);
}

void print_exact(const Store& store, const char* kind, const char* sql, const std::string& name) {
  Statement rows(store.connection(), sql);
  rows.bind_all(name);
  while (rows.step()) {
    std::string line = kind;
    for (int i = 0; i < rows.columns(); ++i) {
      line += ' ' + (i == 0 ? rows.text(0) : exact(rows.value(i)));
    }
    std::cout << line << '\n';
  }
}

ExitCode export_results(const std::vector<std::string>& arguments) {
  Syntax syntax;
  syntax.command = "export";
  syntax.usage = "EXPERIMENT";
  syntax.description =
      "Writes the results of the latest revision of an experiment to stdout: a row for each run, "
      "slice\nand metric, or for each prediction.";
  syntax.options.add_options()("predictions", "what was said about each item, with its labels")(
      "canonical",
      "sorted lines by cell key with numbers in hexadecimal: equal for equal results, whenever, in "
      "whatever order and under whatever labels they were made");
  add_format_option(syntax.options, "csv");
  add_results_option(syntax.options);
  syntax.positionals = {{"experiment", 1}};
  syntax.examples =
      "  runner export ablation > ablation.csv\n"
      "  runner export ablation --predictions --format json > predictions.json\n"
      "  runner export ablation --canonical | sha256sum\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  if (!given->has("experiment")) refuse_usage("export", "the name of an experiment is missing");
  const auto format = format_of(given->text("format"));
  const auto name = given->text("experiment");
  const Store store(given->text("results"), Store::Mode::read);
  store.require_experiment(name);
  if (given->has("canonical")) {
    print_exact(store, "metric", canonical_metrics_sql, name);
    print_exact(store, "prediction", canonical_predictions_sql, name);
    std::cout << std::flush;
    return ExitCode::ok;
  }
  Statement rows(store.connection(), given->has("predictions") ? predictions_sql : results_sql);
  rows.bind_all(name);
  print_rows(rows, std::cout, format);
  return ExitCode::ok;
}

}  // namespace

const Command export_command{"export", "writes an experiment's results as csv or json",
                             export_results};

}  // namespace earshot::host
