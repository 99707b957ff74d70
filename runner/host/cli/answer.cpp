#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include <boost/algorithm/string/trim.hpp>
#include <unistd.h>

#include "host/base/arguments.hpp"
#include "host/cli/command.hpp"
#include "host/cli/planning.hpp"
#include "host/cli/wanted.hpp"
#include "host/experiment/read.hpp"
#include "host/plan/cell_identity.hpp"
#include "host/plan/planner.hpp"
#include "host/schedule/records.hpp"
#include "host/schedule/scheduler.hpp"
#include "host/store/predictions.hpp"
#include "host/store/run_lookup.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;
namespace po = program_options;

constexpr const char* asked = "asked";  // label of the dataset that is the question

Syntax syntax_of_answer() {
  Syntax syntax{
      "answer", "CLIP [SECOND CLIP] QUESTION",
      "Asks a trained model a question about one or two recordings. The model comes from\n"
      "a run of a task that answers questions; its encoder, mapper and language model are\n"
      "those of its experiment file. Nothing is added to the results."};
  auto add = syntax.options.add_options();
  add("checkpoint", po::value<std::string>()->value_name("RUN"),
      "number of the run, or the first characters of its cell key");
  add("choice", po::value<std::vector<std::string>>()->value_name("TEXT"),
      "an answer to choose from (repeatable)");
  add("json", "one JSON object with answer, choice and run");
  add("device", po::value<std::string>()->default_value("cpu"), "cpu, cuda or cuda:N");
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
  std::string file{};  ///< of its experiment
  Overrides overrides{};
  std::vector<std::pair<std::string, std::string>> axes{};  ///< as the results file has them
  fs::path fit{};
};

Model find_model(const Store& store, const std::string& checkpoint, const fs::path& states) {
  const auto wanted = find_wanted(store, "answer", checkpoint);
  const auto origin = origin_of(store, wanted.cell, wanted.run);
  if (!origin || origin->state != "ok" || origin->experiment.empty())
    throw Failure(ExitCode::usage, "runner answer: run '" + checkpoint + "' is not ok");
  Model model{.run = origin->run, .file = origin->file, .axes = origin->axes};
  model.overrides.set = origin->overrides;
  if (origin->identity.contains("imported"))
    throw Failure(ExitCode::usage, "runner answer: run '" + checkpoint +
                                       "' was imported, so its model is not available. Expected a "
                                       "run of a task that answers questions");
  model.fit = states / CellIdentity::from_json(origin->identity).fit_key() / "fit.state";
  if (!fs::exists(model.fit))
    throw Failure(ExitCode::usage, "runner answer: there is no '" + model.fit.string() +
                                       "', the trained state of run '" + checkpoint +
                                       "'. Run its experiment again");
  return model;
}

/// A table of one test item, beside which the results of answering it lie.
void write_question(const fs::path& folder, const std::vector<std::string>& clips,
                    const std::string& question, const std::vector<std::string>& choices) {
  Json item{{"id", asked}, {"question", question}, {"choices", choices}, {"split", "test"}};
  // A truth that nobody looks at: predictions make no use of it.
  item["answer"] = choices.empty() ? "unknown" : choices.front();
  for (std::size_t clip = 0; clip < clips.size(); ++clip)
    item["clip" + std::to_string(clip)] = fs::absolute(clips[clip]).string();
  std::ofstream(folder / "question.json") << Json{item}.dump();
}

/// The task, told to answer as the run learnt to. @throws Failure where it learns nothing
void take_up(Component& task, const Model& model, const Catalog& catalog) {
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
  task.options[state->name] = model.fit.string();
}

/// The value of an axis that a results file has as `text`: labels are texts, whatever they look
/// like, and values of options have the type that the experiment gives them.
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

/// The experiment with nothing in its matrix but the model's cell, asked this question.
Experiment with_question(Experiment experiment, const Model& model, const Catalog& catalog,
                         const fs::path& folder, std::size_t clips) {
  MatrixBlock block;
  std::string task;
  for (const auto& [axis, text] : model.axes) {
    if (axis == "task") task = text;
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
  take_up(component, model, catalog);
  Component question;
  question.table = Table::dataset;
  question.label = asked;
  question.use = "table";
  question.position.file = "runner answer";
  question.settings = DatasetSettings{};
  question.options = {{"file", (folder / "question.json").string()},
                      {"audio", clips == 1 ? Json{"clip0"} : Json{"clip0", "clip1"}},
                      {"id", "id"},
                      {"question", "question"},
                      {"choices", "choices"},
                      {"answer", "answer"},
                      {"split", "split"}};
  experiment.components[Table::dataset][asked] = std::move(question);
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

Answer ask_model(const Experiment& experiment, KnownPlugins& plugins, const fs::path& cache,
                 const fs::path& folder) {
  RunSettings settings;
  settings.results = (folder / "answer.db").string();
  settings.cache = cache.string();
  Store store(settings.results, Store::Mode::write);
  const auto plan =
      make_plan(experiment, {}, plugins.catalog, plugins.queries, plugins.hashes, cache, &store);
  if (plan.cells.size() != 1 || plan.cells.front().decision != Decision::run)
    throw Failure(ExitCode::usage,
                  "runner answer: " + (plan.cells.empty() ? "the experiment no longer has this cell"
                                                          : plan.cells.front().reason));
  const auto records = records_of(plan, {});
  store.record_plan(records.experiment, records.cells, records.datasets, Json::object());
  const auto progress = make_progress("none", stdout);
  const auto summary = execute(plan, store, settings, *progress);
  if (!summary.failures.empty())
    throw Failure(ExitCode::cells_not_ok, "runner answer: " + summary.failures.front().error);
  const auto said = first_prediction(store);
  if (!said) throw Failure(ExitCode::cells_not_ok, "runner answer: interrupted");
  return {said->value, boost::algorithm::trim_copy(said->output)};
}

/// A folder that is gone afterwards.
class Scratch {
 public:
  Scratch() {
    auto pattern = (fs::temp_directory_path() / "earshot-answer-").string() + std::string(6, 'X');
    if (::mkdtemp(pattern.data()) == nullptr)
      throw Failure(ExitCode::usage, pattern + ": cannot be created; is TMPDIR writable?");
    path = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  fs::path path{};
};

ExitCode run(const std::vector<std::string>& arguments) {
  const auto given = parse(syntax_of_answer(), arguments);
  if (!given) return ExitCode::ok;
  if (!given->has("checkpoint")) refuse_usage("answer", "--checkpoint is missing");
  auto clips = given->texts("clip");
  if (clips.size() < 2 || clips.size() > 3)
    refuse_usage("answer", "expected one or two clips, then the question in quotes; got " +
                               std::to_string(clips.size()) + " arguments");
  const auto question = clips.back();
  clips.pop_back();
  for (const auto& clip : clips)
    if (!fs::is_regular_file(clip)) refuse_usage("answer", "there is no file '" + clip + "'");
  const auto choices = given->texts("choice");
  if (choices.size() == 1)
    refuse_usage("answer", "only one --choice is given; expected none, or at least two");

  const auto results = fs::absolute(given->text("results"));
  const auto model = find_model(Store(results.string(), Store::Mode::read),
                                given->text("checkpoint"), results.parent_path() / "state");
  auto planning = plan_settings_of(*given);
  planning.cache = fs::absolute(planning.cache);
  const Scratch scratch;
  write_question(scratch.path, clips, question, choices);
  KnownPlugins plugins(planning);
  auto experiment = with_question(read_experiment(model.file, model.overrides), model,
                                  plugins.catalog, scratch.path, clips.size());
  experiment.resources.device = given->text("device");
  const auto answer = ask_model(experiment, plugins, planning.cache, scratch.path);
  if (given->has("json"))
    std::cout << Json{{"run", model.run}, {"choice", answer.choice}, {"answer", answer.text}}.dump()
              << '\n';
  else if (choices.empty() || answer.choice == answer.text)
    std::cout << answer.text << '\n';
  else
    std::cout << (answer.choice.empty() ? "none of the choices" : answer.choice)
              << "\n  (said: " << answer.text << ")\n";
  return ExitCode::ok;
}

}  // namespace

const Command answer_command{"answer", Group::models, "asks a trained model about a recording",
                             run};

}  // namespace earshot::host
