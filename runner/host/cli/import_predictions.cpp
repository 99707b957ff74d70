#include <algorithm>
#include <filesystem>
#include <iostream>

#include "host/base/ask.hpp"
#include "host/cli/command.hpp"
#include "host/cli/outcome.hpp"
#include "host/cli/shared_options.hpp"
#include "host/plan/history.hpp"
#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;
namespace po = program_options;

Syntax syntax_of_import() {
  Syntax syntax{
      "import-predictions", "FILE",
      "Imports the predictions of an external system into the results of an experiment. The "
      "system\n"
      "becomes another encoder: its predictions are marked and scored by the task's evaluator like "
      "any\n"
      "others, and compared item by item. FILE is CSV with a header, or JSON Lines, with these "
      "fields\n"
      "for each test item:\n"
      "  id          id of the item, as in items.csv of 'runner listen'\n"
      "  prediction  class, number, or classes (in CSV separated by ';'); empty: no prediction\n"
      "  output      optional: raw text of a language model\n"
      "  seed        optional: seed of the run, by default 0; each seed is a separate run\n"
      "  scores      optional: a number for each class of the label, or choice of the item, as "
      "JSON:\n"
      "              an object by name, or a list in the order of the dataset. CSV may instead "
      "have\n"
      "              a column per class, named CLASS or score:CLASS\n"
      "With folds, each fold takes its own test items. Importing the same file again changes "
      "nothing;\n"
      "a different file under the same name replaces it."};
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  auto add = syntax.options.add_options();
  add("experiment", text("FILE.toml"), "the experiment file with the task");
  add("task", text("TASK"), "the task that was predicted");
  add("name", text("NAME"), "name of the system in tables; by default the name of FILE");
  add("allow-missing", po::value<std::int64_t>()->value_name("N")->default_value(0),
      "number of test items per run that may lack a prediction; they are counted");
  add_override_options(syntax.options);
  add_replace_option(syntax.options);
  add_plugin_options(syntax.options);
  add_results_option(syntax.options);
  syntax.positionals = {{"file", 1}};
  syntax.examples =
      "  runner import-predictions theirs.csv --experiment experiments/esc10.toml --task logistic\n"
      "  runner import-predictions out.jsonl --experiment qa.toml --task aqa --name their_model "
      "--allow-missing 3\n";
  return syntax;
}

struct Request {
  std::string file{}, experiment{}, task{}, name{};
  std::int64_t allow_missing = 0;
};

Request request_of_arguments(const Arguments& given) {
  for (const auto* needed : {"file", "experiment", "task"})
    if (!given.has(needed))
      refuse_usage("import-predictions", (std::string(needed) == "file" ? "" : "--") +
                                             std::string(needed) + " is missing");
  Request request{given.text("file"), given.text("experiment"), given.text("task"),
                  given.text("name"), given.get<std::int64_t>("allow-missing")};
  if (!fs::is_regular_file(request.file))
    refuse_usage("import-predictions", "there is no file '" + request.file + "'");
  if (request.allow_missing < 0)
    refuse_usage("import-predictions", "--allow-missing must be at least 0");
  if (request.name.empty()) request.name = fs::path(request.file).stem().string();
  constexpr std::size_t longest = 100;
  if (request.name.size() > longest || !protocol::is_utf8(request.name) ||
      std::any_of(request.name.begin(), request.name.end(),
                  [](unsigned char c) { return c < ' ' || c == 0x7f; }))
    refuse_usage("import-predictions",
                 "the system's name has control characters, more than 100 bytes, or bytes that are "
                 "not UTF-8; give --name NAME");
  return request;
}

/// The content of the file, after every line has been checked.
struct Content {
  std::vector<std::int64_t> seeds{};
  bool scores = false;  ///< whether some line has scores of classes or choices
};

/// @throws Failure (usage)
Content checked_content(const Request& request, const std::vector<PlannedCell>& places,
                        const WorkerOptions& options) {
  protocol::PredictionsRequest question{.file = protocol::path_text(request.file),
                                        .evaluator = *places.front().evaluator};
  for (const auto& place : places)
    question.datasets.push_back(*place.dataset);
  protocol::PredictionsResult answer;
  try {
    WorkerProcess worker(options);
    answer = ask<protocol::verb::Predictions>(worker, question, until_done);
  } catch (const WorkerError& error) {
    throw Failure(ExitCode::usage, error.what());
  }
  Content content{.scores = answer.scores};
  for (const auto& [seed, parts] : answer.seeds) {
    std::int64_t declared = 0, used = 0;
    std::string missing;
    for (const auto& part : parts) {
      declared += part.declared;
      used += part.used;
      if (missing.empty()) missing = part.missing;
    }
    if (declared - used > request.allow_missing)
      throw Failure(ExitCode::usage, request.file + ": " + std::to_string(declared - used) +
                                         " of " + std::to_string(declared) +
                                         " test items have no prediction for seed " +
                                         std::to_string(seed) + "; the first is '" + missing +
                                         "'; allowed: " + std::to_string(request.allow_missing) +
                                         ". Add them, or give "
                                         "--allow-missing " +
                                         std::to_string(declared - used));
    content.seeds.push_back(seed);
  }
  return content;
}

/// Adds the imported cells to the plan in place of those that had the same name and task, and
/// leaves out all other cells. @returns how many are to run
std::size_t import_into(Plan& plan, const Request& request, const std::vector<PlannedCell>& places,
                        const Content& content, const Store& store) {
  std::erase_if(plan.cells, [&](const PlannedCell& cell) {
    return !cell.identity.imported.empty() && cell.cell.encoder.label == request.name &&
           cell.cell.task.label == request.task;
  });
  for (auto& cell : plan.cells)
    if (cell.decision == Decision::run || cell.decision == Decision::cached)
      cell.decision = Decision::left_out;
  const auto sha256 = protocol::sha256_file(request.file);
  std::size_t fresh = 0;
  for (const auto seed : content.seeds)
    for (const auto& place : places) {
      auto cell = imported_cell(place, request.name, seed, sha256, content.scores);
      cell.predictions = protocol::path_text(fs::absolute(request.file));
      cell.predictions_sha256 = sha256;
      const bool done = !store.finished({cell.key}).empty();
      cell.decision = done ? Decision::cached : Decision::run;
      fresh += done ? 0 : 1;
      plan.cells.push_back(std::move(cell));
    }
  return fresh;
}

/// The experiment. @throws Failure (usage) if the system cannot be imported into it
Experiment experiment_for(const Request& request, const Overrides& overrides) {
  auto experiment = read_experiment(request.experiment, overrides);
  // Tables could not distinguish the system from an encoder with the same name.
  if (experiment.find(Table::encoder, request.name) != nullptr)
    refuse_usage("import-predictions", "--name '" + request.name +
                                           "' is an encoder of the experiment; give another name");
  if (!experiment.select.over.empty())
    throw Failure(ExitCode::usage,
                  request.experiment +
                      ": has a [select], but imported predictions have no validation items to "
                      "choose by; import them into an experiment without [select]");
  return experiment;
}

ExitCode run_import_predictions(const std::vector<std::string>& arguments) {
  const auto given = parse(syntax_of_import(), arguments);
  if (!given) return ExitCode::ok;
  const auto request = request_of_arguments(*given);
  auto workspace = open_workspace(experiment_for(request, overrides_of(*given)), *given,
                                  command_line("import-predictions", arguments));
  const auto& store = *workspace.store();
  auto plan = workspace.plan();
  const auto places = positions_of(plan, request.task);
  const auto content =
      checked_content(request, places, {workspace.settings().running.worker_prefix});
  keep_imported(plan, store);
  const auto fresh = import_into(plan, request, places, content, store);
  const auto summary = workspace.execute(plan, *make_progress("none", stdout));
  print_failures(summary);
  if (summary.exit_code() == ExitCode::ok) {
    std::cout << (fresh == 0 ? "nothing to do: the same predictions were imported before\n"
                             : "imported '" + request.name + "' into " + plan.experiment.name +
                                   ", task " + request.task + "\n");
    print_results(std::cout, store, plan.experiment.name);
  }
  return summary.exit_code();
}

}  // namespace

const Command import_predictions_command{"import-predictions", Group::run,
                                         "imports the predictions of an external system",
                                         run_import_predictions};

}  // namespace earshot::host
