#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "host/base/ask.hpp"
#include "host/cli/command.hpp"
#include "host/cli/model_card.hpp"
#include "host/cli/shared_options.hpp"
#include "host/experiment/read.hpp"
#include "protocol/nearest.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;
namespace po = program_options;

Syntax syntax_of_export_encoder() {
  Syntax syntax{
      "export-encoder", "FILE.toml ENCODER",
      "Saves what the pretraining of an encoder has learnt as weights that the same plugin loads:\n"
      "model.safetensors, config.json and a model card, README.md, in a folder. ENCODER is its\n"
      "label in the experiment, which must have been run. Before the command ends, the plugin has\n"
      "loaded the weights and given the features of the trained encoder."};
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  auto add = syntax.options.add_options();
  add("to", text("FOLDER"), "output folder; created if it does not exist, and otherwise empty");
  add("seed", po::value<std::int64_t>()->value_name("N"),
      "the seed of the training, if it was trained with several");
  add("key", text("KEY"),
      "the first characters of the training's key, as 'runner plan' shows it, if the encoder was "
      "trained with several options");
  add_override_options(syntax.options);
  add_plugin_options(syntax.options);
  add_results_option(syntax.options);
  syntax.positionals = {{"file", 1}, {"encoder", 1}};
  syntax.examples =
      "  runner export-encoder my_study.toml small --to encoders/small\n"
      "  runner export-encoder my_study.toml small --seed 2 --to encoders/small_2\n";
  return syntax;
}

[[noreturn]] void refuse(const std::string& what) {
  throw Failure(ExitCode::usage, "runner export-encoder: " + what);
}

/// @throws Failure (usage) unless the experiment trains an encoder with this label
void check_trained(const Experiment& experiment, const std::string& label) {
  if (experiment.pretraining(Table::encoder, label) != nullptr) return;
  if (experiment.find(Table::encoder, label) != nullptr)
    refuse("encoder '" + label + "' is not trained in " + experiment.file +
           "; expected one with a table [encoder." + label +
           ".pretrain]. It is its own weights already");
  std::vector<std::string> labels;
  for (const auto& [trainee, pretraining] : experiment.pretrainings)
    if (trainee.first == Table::encoder) labels.push_back(trainee.second);
  refuse("no encoder '" + label + "' in " + experiment.file + "; " +
         (labels.empty() ? "it trains none" : "it trains " + protocol::join(labels)) +
         protocol::did_you_mean(label, labels));
}

/// The training that is meant. @throws Failure (usage) if there is none, or if there are several
const PretrainStage& select_training(const Plan& plan, const std::string& label,
                                     const Arguments& given) {
  std::vector<const PretrainStage*> found;
  std::set<std::int64_t> seeds;
  for (const auto& [key, stage] : plan.pretrain) {
    if (stage.table != Table::encoder || stage.label != label) continue;
    seeds.insert(stage.request.seed);
    if (given.has("seed") && stage.request.seed != given.get<std::int64_t>("seed")) continue;
    if (key.starts_with(given.text("key"))) found.push_back(&stage);
  }
  if (found.size() == 1) return *found.front();
  std::vector<std::string> names;
  if (seeds.empty()) {
    for (const auto& cell : plan.cells)
      if (cell.cell.encoder.label == label && !cell.skipped.empty()) refuse(cell.skipped);
    refuse("no cell of the experiment uses encoder '" + label + "', so that it is not trained");
  }
  for (const auto seed : seeds)
    names.push_back(std::to_string(seed));
  if (found.empty())
    refuse("encoder '" + label + "' has no training with this --seed and --key; its seeds are " +
           protocol::join(names));
  if (seeds.size() > 1 && !given.has("seed"))
    refuse("encoder '" + label + "' was trained with the seeds " + protocol::join(names) +
           "; say with --seed which one is meant");
  names.clear();
  for (const auto* stage : found)
    names.push_back(stage->key.substr(0, 12) + " (" +
                    protocol::json_text(stage->request.encoder.options) + ")");
  refuse("encoder '" + label +
         "' was trained with several options; say with --key which is meant: " +
         protocol::join(names));
}

/// The encoder with this state in a source, or in what that reads; null if it is not there.
const protocol::ComponentRef* with_state(const protocol::FeatureSource& source,
                                         const std::string& state) {
  if (source.encoder.state == state) return &source.encoder;
  for (const auto& from : source.from)
    if (const auto* found = with_state(from, state)) return found;
  return nullptr;
}

/// The trained encoder as cells use it, which may have other options than in training.
protocol::ComponentRef trained_encoder(const Plan& plan, const PretrainStage& stage) {
  for (const auto& cell : plan.cells)
    if (cell.source != nullptr)
      if (const auto* found = with_state(*cell.source, stage.request.file)) return *found;
  auto encoder = stage.request.encoder;
  encoder.state = stage.request.file;
  return encoder;
}

/// The option of an encoder that takes weights. @throws Failure (usage) if it has none
std::string weights_option(const CatalogEntry& entry) {
  for (const auto& spec : entry.component->options)
    if (spec.type == protocol::OptionType::weights) return spec.name;
  refuse("encoder '" + entry.id() +
         "' has no option that takes weights, so that it could not load what it has learnt");
}

/// An absolute path. @throws Failure (usage) if something is there
fs::path empty_folder(const Arguments& given) {
  if (!given.has("to")) refuse_usage("export-encoder", "--to is missing");
  const auto to = fs::absolute(given.text("to"));
  std::error_code error;
  if (fs::exists(to) && !(fs::is_directory(to) && fs::is_empty(to, error)))
    throw Failure(ExitCode::usage, to.string() +
                                       ": already exists and is not empty; weights never replace "
                                       "others. Give another folder, or remove this one");
  return to;
}

void make_folder(const fs::path& to) {
  std::error_code error;
  fs::create_directories(to, error);
  if (error) throw Failure(ExitCode::usage, to.string() + ": " + error.message());
}

ExitCode run_export_encoder(const std::vector<std::string>& arguments) {
  const auto given = parse(syntax_of_export_encoder(), arguments);
  if (!given) return ExitCode::ok;
  const auto label = given->text("encoder");
  if (label.empty()) refuse_usage("export-encoder", "FILE.toml or ENCODER is missing");
  const auto to = empty_folder(*given);
  auto settings = workspace_settings_of(*given, Purpose::reading, {});
  settings.planning.worker.prefix = settings.running.worker_prefix;
  const auto planning = settings.planning;
  auto experiment = read_experiment(experiment_file(*given, "export-encoder"), settings.overrides);
  check_trained(experiment, label);
  const Workspace workspace(std::move(experiment), std::move(settings), Store::Mode::read);
  const auto& plan = keep_until_exit(workspace.plan());
  const auto& stage = select_training(plan, label, *given);
  if (!fs::exists(protocol::path_of(stage.request.file)))
    refuse("encoder '" + label + "' has not been trained yet: there is no " + stage.request.file +
           ". Run the experiment: runner " + workspace.experiment().file);
  const auto encoder = trained_encoder(plan, stage);
  const KnownPlugins plugins(planning);
  const auto& written = *workspace.experiment().find(Table::encoder, label);
  const auto entry = plugins.catalog.find("encoder", written.use, written.position.text());
  const auto weights = weights_option(entry);
  make_folder(to);
  try {
    WorkerProcess worker(planning.worker);
    const auto made = ask<protocol::verb::ExportEncoder>(
        worker, {.encoder = encoder, .weights = weights, .to = protocol::path_text(to)},
        until_done);
    write_model_card(
        to,
        {.workspace = workspace, .stage = stage, .entry = entry, .weights = weights, .made = made});
    std::cout << "wrote " << made.tensors << " tensors of " << made.numbers << " numbers to "
              << given->text("to") << '\n';
  } catch (const WorkerError& error) {
    refuse(error.what());
  }
  return ExitCode::ok;
}

}  // namespace

const Command export_encoder_command{"export-encoder", Group::models,
                                     "exports a pretrained encoder as weights of its plugin",
                                     run_export_encoder};

}  // namespace earshot::host
