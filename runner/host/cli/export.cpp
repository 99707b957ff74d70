#include <charconv>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <map>

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

// `scores` stands where its bytes are to be written out: see print_answers.
const char* const predictions_sql =
    "SELECT encoder, task, mapper, language_model, variant, seed, fold, cell_key, "
    "item_position AS position, item, question, choices, gold, value, output, correct, "
    "scores, answers, primary_metric, mark, marks, labels, slices, groups, candidates, target, "
    "dataset, run_id FROM answer WHERE experiment = ? ORDER BY answer.position, item_position";
constexpr int choices_column = 11, scores_column = 16, candidates_column = 24, target_column = 25,
              run_column = 27, printed_columns = 24;

/// Classes of the label that a run predicts, in the order of its scores.
class Classes {
 public:
  explicit Classes(const Store& store) : store_(store) {}

  const std::vector<std::string>& of(std::int64_t run) {
    const auto [place, fresh] = by_run_.try_emplace(run);
    if (!fresh) return place->second;
    Statement row(store_.connection(),
                  "SELECT c.target, d.info FROM run r JOIN cell c USING(cell_id) "
                  "JOIN dataset d USING(dataset_id) WHERE r.run_id = ?");
    row.bind_all(run).step();
    const auto info = Json::parse(row.text(1)).get<protocol::DatasetInfo>();
    for (const auto& label : info.labels)
      if (label.name == row.text(0)) place->second = label.classes;
    return place->second;
  }

 private:
  const Store& store_;
  std::map<std::int64_t, std::vector<std::string>> by_run_{};
};

/// {"dog": 0.9, "cat": 0.1}: scores by what they are of; a list where nobody says.
Json named(const std::vector<float>& scores, const std::vector<std::string>& names) {
  const auto number = [](float score) {
    if (!std::isfinite(score)) return Json();
    char text[32];  // the shortest text that reads back to the same float
    const auto end = std::to_chars(text, text + sizeof text, score).ptr;
    return Json::parse(text, end);
  };
  const bool known = names.size() == scores.size();
  auto all = known ? Json::object() : Json::array();
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!known)
      all.push_back(number(scores[i]));
    else if (!all.contains(names[i]))
      all[names[i]] = number(scores[i]);
    else
      return named(scores, {});  // a choice that is there twice
  }
  return all;
}

/// Columns that hold JSON: values of their own where the output is JSON, too.
constexpr int json_columns[] = {choices_column, 17, 20, 21, 22, 23};

void print_answers(const Store& store, Statement& rows, std::ostream& out, Format format) {
  std::vector<std::string> columns;
  for (int i = 0; i < printed_columns; ++i)
    columns.push_back(rows.column_name(i));
  TableWriter table(out, columns, format);
  Classes classes(store);
  std::vector<Json> values(columns.size());
  const auto parsed = [&](int column) {
    return rows.is_null(column) ? Json() : Json::parse(rows.text(column));
  };
  const auto texts = [&](int column) {
    const auto list = parsed(column);
    return list.is_array() ? list.get<std::vector<std::string>>() : std::vector<std::string>();
  };
  while (rows.step()) {
    for (int i = 0; i < printed_columns; ++i)
      values[static_cast<std::size_t>(i)] = rows.value(i);
    if (format == Format::json || format == Format::jsonl)
      for (const int column : json_columns)
        values[static_cast<std::size_t>(column)] = parsed(column);
    if (!rows.is_null(scores_column))
      values[scores_column] =
          named(rows.floats(scores_column),
                !rows.is_null(candidates_column)    ? texts(candidates_column)
                : !rows.text(target_column).empty() ? classes.of(rows.integer(run_column))
                                                    : texts(choices_column));
    table.row(values);
  }
  table.finish();
}

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
    "SELECT DISTINCT c.key, p.item, iif(p.number IS NULL, p.value, p.number), p.output, p.mark, "
    "p.marks FROM experiment e "
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
      "slice\nand metric, or for each prediction. Columns: results/README.md.";
  syntax.options.add_options()("predictions",
                               "what was said about each item: the value, its scores by class or "
                               "choice, whether it is right, and beside it what is true, what was "
                               "asked, and the item's groups")(
      "canonical",
      "sorted lines by cell key with numbers in hexadecimal: equal for equal results, whenever, in "
      "whatever order and under whatever labels they were made");
  syntax.options.add_options()(
      "spreadsheet",
      "csv: texts that a spreadsheet would take for a formula, which begin with = + - or @, get an "
      "apostrophe in front");
  add_format_option(syntax.options, "csv");
  add_results_option(syntax.options);
  syntax.positionals = {{"experiment", 1}};
  syntax.examples =
      "  runner export ablation > ablation.csv\n"
      "  runner export ablation --predictions --format jsonl > predictions.jsonl\n"
      "  runner export ablation --canonical | sha256sum\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  if (!given->has("experiment")) refuse_usage("export", "the name of an experiment is missing");
  auto format = format_of(given->text("format"));
  if (given->has("spreadsheet")) {
    if (format != Format::csv) refuse_usage("export", "--spreadsheet is for --format csv");
    format = Format::spreadsheet;
  }
  const auto name = given->text("experiment");
  const Store store(given->text("results"), Store::Mode::read);
  store.require_experiment(name);
  if (given->has("canonical")) {
    print_exact(store, "metric", canonical_metrics_sql, name);
    print_exact(store, "prediction", canonical_predictions_sql, name);
    std::cout << std::flush;
    return ExitCode::ok;
  }
  const bool answers = given->has("predictions");
  Statement rows(store.connection(), answers ? predictions_sql : results_sql);
  rows.bind_all(name);
  if (answers)
    print_answers(store, rows, std::cout, format);
  else
    print_rows(rows, std::cout, format);
  return ExitCode::ok;
}

}  // namespace

const Command export_command{"export", "writes an experiment's results as csv or json",
                             export_results};

}  // namespace earshot::host
