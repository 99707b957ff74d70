#include <charconv>
#include <cmath>
#include <cstdio>
#include <iostream>

#include "host/base/arguments.hpp"
#include "host/base/plain_text.hpp"
#include "host/cli/command.hpp"
#include "host/cli/results.hpp"
#include "host/experiment/experiment.hpp"
#include "host/export/formats.hpp"
#include "host/store/exports.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

/// {"dog": 0.9, "cat": 0.1}: scores by candidate; a list if the candidates are unknown.
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
      return named(scores, {});  // a choice that occurs twice
  }
  return all;
}

/// If the output is JSON, columns that contain JSON are written as values instead of texts.
void print_predictions(ExportedPredictions rows, std::ostream& out, Format format) {
  TableWriter table(out, rows.columns(), format, terminal_width());
  const bool parse = format == Format::json || format == Format::jsonl;
  for (ExportedPrediction row; rows.next(row);) {
    if (parse)
      for (const auto column : rows.json_columns())
        if (auto& value = row.values[column]; value.is_string())
          value = Json::parse(value.get_ref<const std::string&>());
    if (!row.scores.empty()) row.values[rows.scores_column()] = named(row.scores, row.scored);
    table.row(row.values);
  }
  table.finish();
}

/// Numbers with all their bits, and texts as JSON so that they stay on one line.
std::string exact(const Json& value) {
  if (value.is_number_float()) {
    char text[40];
    std::snprintf(text, sizeof text, "%a", value.get<double>());
    return text;
  }
  return value.is_null() ? "-" : value.dump(-1, ' ', true, Json::error_handler_t::replace);
}

void print_exact(const char* kind, Rows rows) {
  for (std::vector<Json> values; rows.next(values);) {
    std::string line = kind;
    for (std::size_t i = 0; i < values.size(); ++i)
      line += ' ' + (i == 0 ? values[i].get<std::string>() : exact(values[i]));
    std::cout << line << '\n';
  }
}

Syntax syntax_of_export() {
  Syntax syntax;
  syntax.command = "export";
  syntax.usage = "EXPERIMENT";
  syntax.description =
      "Writes the results of the latest revision of an experiment to stdout: a row for each run, "
      "slice\n"
      "and metric, or for each prediction. With --to, writes files of another program into a "
      "folder instead:\n"
      "mteb (result files for its ResultCache), trackio (a project for TRACKIO_DIR), parquet (a "
      "file per view,\n"
      "written by DuckDB's library). EXPERIMENT is a name or FILE.toml. results/README.md "
      "describes columns\n"
      "and files.";
  syntax.options.add_options()(
      "predictions",
      "exports a row per prediction: the value, its scores by class or choice, whether it is "
      "right, the right answer, the question, and the item's groups")(
      "canonical",
      "writes lines sorted by cell key, with numbers in hexadecimal: equal for equal results, "
      "independent of time, order and labels");
  syntax.options.add_options()("spreadsheet",
                               "with csv: puts an apostrophe in front of strings that begin with = "
                               "+ - or @, which a spreadsheet would take for a formula");
  const auto text = [](const char* name) {
    return program_options::value<std::string>()->value_name(name);
  };
  syntax.options.add_options()("to", text("PROGRAM"), "the files of mteb, trackio or parquet")(
      "out", text("FOLDER"), "with --to: where they are written; created if it does not exist")(
      "force", "with --to: replaces files of the same names");
  add_format_option(syntax.options, "csv");
  add_results_option(syntax.options);
  syntax.positionals = {{"experiment", 1}};
  syntax.examples =
      "  runner export ablation > ablation.csv\n"
      "  runner export ablation --predictions --format jsonl > predictions.jsonl\n"
      "  runner export ablation --canonical | sha256sum\n"
      "  runner export ablation --to mteb --out mteb/\n"
      "  runner export ablation --to trackio --out ~/.cache/huggingface/trackio\n"
      "  runner export ablation --to parquet --out tables/ --force\n";
  return syntax;
}

Format format_given(const Arguments& given) {
  const auto format = format_of(given.text("format"));
  if (!given.has("spreadsheet")) return format;
  if (format != Format::csv) refuse_usage("export", "--spreadsheet requires --format csv");
  return Format::spreadsheet;
}

/// The export that --to names. @throws Failure (usage) if options contradict it
auto program_given(const Arguments& given) {
  using Export = ExportRemarks (*)(const Store&, const std::string&, ExportFolder&);
  static const std::map<std::string, Export> exports = {
      {"mteb", export_to_mteb}, {"trackio", export_to_trackio}, {"parquet", export_to_parquet}};
  const auto program = given.text("to");
  const auto found = exports.find(program);
  if (found == exports.end()) {
    std::vector<std::string> names;
    for (const auto& [name, unused] : exports)
      names.push_back(name);
    refuse_usage("export", "--to '" + plain_text(program) + "' is not known; allowed are " +
                               protocol::join(names) + " (the folder is given by --out)" +
                               protocol::did_you_mean(program, names));
  }
  for (const auto* other : {"predictions", "canonical", "spreadsheet", "format"})
    if (given.given(other))
      refuse_usage("export",
                   std::string("--") + other + " is for stdout, and not possible with --to");
  if (!given.has("out")) refuse_usage("export", "--to requires --out FOLDER");
  return found->second;
}

ExitCode export_files(const Arguments& given, const Store& store, const std::string& experiment) {
  const auto write = program_given(given);
  ExportFolder folder(given.text("out"), given.has("force"));
  const auto remarks = write(store, experiment, folder);
  folder.finish();
  std::cout << "wrote " << folder.files() << (folder.files() == 1 ? " file" : " files") << " to "
            << plain_text(folder.path().string()) << '\n';
  for (const auto& remark : remarks)
    std::cout << remark << '\n';
  return ExitCode::ok;
}

ExitCode export_results(const std::vector<std::string>& arguments) {
  const auto given = parse(syntax_of_export(), arguments);
  if (!given) return ExitCode::ok;
  if (!given->has("experiment"))
    refuse_usage("export", "EXPERIMENT is missing: a name or FILE.toml");
  for (const auto* option : {"out", "force"})
    if (given->has(option) && !given->has("to"))
      refuse_usage("export", std::string("--") + option + " requires --to");
  const auto format = format_given(*given);
  const auto name = experiment_name(given->text("experiment"));
  const Store store(given->text("results"), Store::Mode::read);
  store.require_experiment(name);
  if (given->has("to")) return export_files(*given, store, name);
  if (given->has("canonical")) {
    print_exact("metric", canonical_metrics(store, name));
    print_exact("prediction", canonical_predictions(store, name));
    std::cout << std::flush;
    return ExitCode::ok;
  }
  if (given->has("predictions"))
    print_predictions(ExportedPredictions(store, name), std::cout, format);
  else
    print_rows(exported_results(store, name), std::cout, format);
  return ExitCode::ok;
}

}  // namespace

const Command export_command{"export", Group::look,
                             "exports results as CSV or JSON, or for mteb, trackio or as Parquet",
                             export_results};

}  // namespace earshot::host
