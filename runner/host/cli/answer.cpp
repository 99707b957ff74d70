#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <utility>

#include <boost/algorithm/string/trim.hpp>

#include "host/base/scratch_folder.hpp"
#include "host/cli/command.hpp"
#include "host/cli/results.hpp"
#include "host/cli/shared_options.hpp"
#include "host/experiment/read.hpp"
#include "host/plan/planner.hpp"
#include "host/store/predictions.hpp"
#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;
namespace po = program_options;

constexpr const char* asked = "asked";  // label of the dataset with the question

Syntax syntax_of_answer() {
  Syntax syntax{
      "answer", "CLIP [SECOND_CLIP] QUESTION",
      "Asks a trained model a question about one or two recordings. The model comes from\n"
      "a run of a task that answers questions; its encoder, mapper and language model are\n"
      "those of its experiment file. Nothing is added to the results."};
  auto add = syntax.options.add_options();
  add("checkpoint", po::value<std::string>()->value_name("RUN"),
      "number of the run, or the first characters of its cell key");
  add("choice", po::value<std::vector<std::string>>()->value_name("TEXT"),
      "an answer to choose from (repeatable)");
  add("json", "one JSON object with answer, choice and run");
  add("device", po::value<std::string>()->value_name("NAME")->default_value("cpu"),
      "cpu, cuda or cuda:N");
  add_plugin_options(syntax.options);
  add_results_option(syntax.options);
  syntax.positionals = {{"clip", -1}};
  syntax.examples =
      "  runner answer --checkpoint 17 street.wav \"what can be heard?\"\n"
      "  runner answer --checkpoint 17 a.wav b.wav \"which is farther away?\" --choice first "
      "--choice second\n";
  return syntax;
}

/// The run whose model is asked.
struct Model {
  std::int64_t run = 0;
  std::string file{};  ///< the file of its experiment
  Overrides overrides{};
  std::vector<std::pair<std::string, std::string>> axes{};  ///< as in the results file
  fs::path fit{};
};

Model find_model(const fs::path& results, const std::string& checkpoint) {
  const Store store(results, Store::Mode::read);
  const auto selected = select_run(store, "answer", checkpoint);
  const auto origin = origin_of(store, selected.cell, selected.run);
  if (!origin || origin->state != "ok" || origin->experiment.empty())
    throw Failure(ExitCode::usage, "runner answer: run '" + checkpoint + "' is not ok");
  Model model{.run = origin->run, .file = origin->file, .axes = origin->axes};
  model.overrides.set = origin->overrides;
  if (origin->identity.contains("imported"))
    throw Failure(ExitCode::usage, "runner answer: run '" + checkpoint +
                                       "' was imported, so its model is not available. Expected a "
                                       "run of a task that answers questions");
  model.fit = trained_state_of(*origin, results);
  if (!fs::exists(model.fit))
    throw Failure(ExitCode::usage, "runner answer: there is no '" + model.fit.string() +
                                       "', the trained state of run '" + checkpoint +
                                       "'. Run its experiment again");
  return model;
}

/// A file with one test item, as the role `questions` of the SDK (earshot/options.hpp) describes
/// it.
void write_question(const fs::path& file, const std::vector<std::string>& clips,
                    const std::string& question, const std::vector<std::string>& choices) {
  const auto clip = [&](std::size_t place) {
    return place < clips.size() ? Json(protocol::path_text(fs::absolute(clips[place]))) : Json();
  };
  const Json item{{"id", asked},
                  {"clip", clip(0)},
                  {"second_clip", clip(1)},
                  {"question", question},
                  {"choices", choices},
                  // Required but unused, since the answer is not scored.
                  {"answer", choices.empty() ? "unknown" : choices.front()},
                  {"split", "test"}};
  std::ofstream(file) << protocol::json_text(Json{item});
}

/// The dataset with the question in `file`, from the first plugin that reads such files.
/// @throws Failure (usage) if there is none
Component question_dataset(const Catalog& catalog, const fs::path& file) {
  for (const auto& plugin : catalog.plugins())
    for (const auto& component : plugin.info.components)
      for (const auto& option : component.options) {
        if (component.kind != "dataset" || option.role != "questions") continue;
        Component dataset;
        dataset.table = Table::dataset;
        dataset.label = asked;
        dataset.use = CatalogEntry{&plugin, &component}.id();
        dataset.position.file = "runner answer";
        dataset.settings = DatasetSettings{};
        dataset.options = {{option.name, protocol::path_text(file)}};
        return dataset;
      }
  throw Failure(ExitCode::usage,
                "runner answer: no plugin has a dataset that takes a question; expected one with "
                "an option of the role 'questions', as the plugin 'table' has. Install it, or give "
                "its folder with --plugin-path");
}

/// Makes the task use the trained state of the run. @throws Failure (usage) if its evaluator cannot
void use_trained_model(Component& task, const Model& model, const Catalog& catalog) {
  const auto evaluator = catalog.find("evaluator", task.use, task.position.text());
  const auto& options = evaluator.component->options;
  const auto state = std::find_if(options.begin(), options.end(), [](const auto& option) {
    return option.role == "trained_state";
  });
  if (state == options.end())
    throw Failure(ExitCode::usage, "runner answer: run " + std::to_string(model.run) +
                                       " belongs to task '" + task.label +
                                       "', and its evaluator '" + evaluator.id() +
                                       "' has no model that answers questions. Expected a run of a "
                                       "task with an evaluator such as 'audio_qa'");
  task.options[state->name] = protocol::path_text(model.fit);
}

/// The value of an axis, from its `text` in a results file: labels are texts, whatever they look
/// like, and values of options have their type in the experiment.
AxisValue axis_value(const Experiment& experiment, const std::string& axis,
                     const std::string& text) {
  if (table_named(axis)) return text;
  for (const auto& block : experiment.blocks)
    if (const auto* own = block.axis(axis))
      for (const auto& value : own->values)
        if (value.text() == text) return value;
  const auto value = Json::parse(text, nullptr, false);
  return AxisValue::of(axis, value.is_discarded() || value.is_string() ? Json(text) : value);
}

/// Where the experiment gives values to an axis; its file if it no longer does.
Position position_of(const Experiment& experiment, const std::string& axis) {
  for (const auto& block : experiment.blocks)
    if (const auto found = block.positions.find(axis); found != block.positions.end())
      return found->second;
  return {.file = experiment.file};
}

/// The experiment reduced to the cell of the model, with the question as its dataset.
Experiment with_question(Experiment experiment, const Model& model, const Catalog& catalog,
                         const fs::path& question) {
  MatrixBlock block;
  std::string task;
  for (const auto& [axis, text] : model.axes) {
    if (axis == "task") task = text;
    block.positions[axis] = position_of(experiment, axis);
    if (axis != "fold")
      block.axes.push_back(
          {axis, {axis == "dataset" ? AxisValue(asked) : axis_value(experiment, axis, text)}});
  }
  auto& tasks = experiment.components[Table::task];
  const auto written = tasks.find(task);
  if (written == tasks.end())
    throw Failure(ExitCode::usage, model.file + ": no longer has task '" + task +
                                       "', to which run " + std::to_string(model.run) + " belongs");
  auto& component = written->second;
  component.dataset = asked;
  use_trained_model(component, model, catalog);
  experiment.components[Table::dataset][asked] = question_dataset(catalog, question);
  experiment.name = "answer";
  experiment.blocks = {std::move(block)};
  for (auto& change : experiment.overrides)
    change.optional = true;
  experiment.excludes.clear();
  experiment.hypotheses.clear();
  experiment.references.clear();
  experiment.select = {};
  return experiment;
}

struct Answer {
  std::string choice{}, text{};
};

Answer ask_model(Workspace& workspace) {
  const auto plan = workspace.plan();
  if (plan.cells.size() != 1 || plan.cells.front().decision != Decision::run)
    throw Failure(ExitCode::usage,
                  "runner answer: " + (plan.cells.empty() ? "the experiment no longer has this cell"
                                                          : plan.cells.front().reason));
  const auto summary = workspace.execute(plan, *make_progress("none", stdout));
  if (!summary.failures.empty())
    throw Failure(ExitCode::cells_not_ok, "runner answer: " + summary.failures.front().error);
  const auto said = first_prediction(*workspace.store());
  if (!said) throw Failure(ExitCode::cells_not_ok, "runner answer: interrupted");
  return {said->value, boost::algorithm::trim_copy(said->output)};
}

ScratchFolder scratch_folder() {
  try {
    return ScratchFolder(fs::temp_directory_path(), "earshot-answer-");
  } catch (const fs::filesystem_error& error) {
    throw Failure(ExitCode::usage, "runner answer: " + error.path1().string() + ": " +
                                       error.code().message() + "; is TMPDIR writable?");
  }
}

/// The question, from the command line.
struct Question {
  std::vector<std::string> clips{}, choices{};
  std::string text{};
};

Question question_of(const Arguments& given) {
  Question question{.clips = given.texts("clip"), .choices = given.texts("choice")};
  if (question.clips.size() < 2 || question.clips.size() > 3)
    refuse_usage("answer", "expected one or two clips, then the question in quotes; got " +
                               std::to_string(question.clips.size()) + " arguments");
  question.text = question.clips.back();
  question.clips.pop_back();
  for (const auto& clip : question.clips)
    if (!fs::is_regular_file(clip)) refuse_usage("answer", "there is no file '" + clip + "'");
  if (question.choices.size() == 1)
    refuse_usage("answer", "only one --choice is given; expected none, or at least two");
  return question;
}

void print(const Answer& answer, const Model& model, bool json, bool choices) {
  if (json)
    std::cout << protocol::json_text(
                     {{"run", model.run}, {"choice", answer.choice}, {"answer", answer.text}})
              << '\n';
  else if (!choices || answer.choice == answer.text)
    std::cout << answer.text << '\n';
  else
    std::cout << (answer.choice.empty() ? "none of the choices" : answer.choice)
              << "\n  (said: " << answer.text << ")\n";
}

ExitCode run_answer(const std::vector<std::string>& arguments) {
  const auto given = parse(syntax_of_answer(), arguments);
  if (!given) return ExitCode::ok;
  if (!given->has("checkpoint")) refuse_usage("answer", "--checkpoint is missing");
  const auto question = question_of(*given);
  const auto model = find_model(given->text("results"), given->text("checkpoint"));
  const auto scratch = scratch_folder();
  const auto file = scratch / "question.json";
  write_question(file, question.clips, question.text, question.choices);

  WorkspaceSettings settings{.planning = plan_settings_of(*given)};
  settings.running.results = scratch / "answer.db";
  settings.running.worker_prefix = std::exchange(settings.planning.worker.prefix, {});
  auto experiment = with_question(read_experiment(model.file, model.overrides), model,
                                  KnownPlugins(settings.planning).catalog, file);
  experiment.resources.device = given->text("device");
  Workspace workspace(std::move(experiment), std::move(settings), Store::Mode::write);
  print(ask_model(workspace), model, given->has("json"), !question.choices.empty());
  return ExitCode::ok;
}

}  // namespace

const Command answer_command{"answer", Group::models, "asks a trained model about a recording",
                             run_answer};

}  // namespace earshot::host
