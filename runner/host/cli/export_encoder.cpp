#include <algorithm>
#include <filesystem>
#include <iostream>

#include "host/base/ask.hpp"
#include "host/cli/command.hpp"
#include "host/cli/model_card.hpp"
#include "host/cli/shared_options.hpp"
#include "host/store/pretraining_record.hpp"
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
      "model.safetensors, config.json, and a model card, README.md, in a folder. ENCODER is its\n"
      "label in the experiment, which must have been run. Before the command ends, the plugin has\n"
      "loaded the weights and given the same features and codes as the trained encoder."};
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  auto add = syntax.options.add_options();
  add("to", text("FOLDER"), "output folder; created if it does not exist, or else empty");
  add("key", text("KEY"),
      "the first characters of the key of the training, if the encoder was trained with several "
      "options");
  add_override_options(syntax.options);
  add_plugin_options(syntax.options);
  add_results_option(syntax.options);
  syntax.positionals = {{"file", 1}, {"encoder", 1}};
  syntax.examples =
      "  runner export-encoder my_study.toml small --to encoders/small\n"
      "  runner export-encoder my_study.toml units --key 3f09 --to encoders/units\n";
  return syntax;
}

[[noreturn]] void refuse_export(const std::string& what, ExitCode code = ExitCode::usage) {
  throw Failure(code, "runner export-encoder: " + what);
}

/// The encoder as its table has it.
/// @throws Failure (usage) unless the experiment has it and trains it
const Component& find_trained(const Experiment& experiment, const std::string& label) {
  const auto* encoder = experiment.find(Table::encoder, label);
  std::vector<std::string> trained;
  for (const auto& [trainee, pretraining] : experiment.pretrainings)
    if (trainee.first == Table::encoder) trained.push_back(trainee.second);
  const auto which =
      trained.empty() ? "It trains no encoder" : "It trains " + protocol::join(trained);
  if (encoder == nullptr) {
    const auto all = experiment.labels(Table::encoder);
    refuse_export("no encoder '" + label + "' in " + experiment.file + "; it has " +
                  protocol::join(all) + ". " + which + protocol::did_you_mean(label, all));
  }
  if (experiment.pretraining(Table::encoder, label) == nullptr)
    refuse_export("encoder '" + label + "' is not trained in " + experiment.file +
                  "; expected one with a table [encoder." + label + ".pretrain]. " + which);
  return *encoder;
}

/// The training that is meant. @throws Failure (usage) if there is none, or if there are several
const PretrainStage& select_training(const Plan& plan, const std::string& label,
                                     const Arguments& given) {
  std::vector<const PretrainStage*> all, meant;
  for (const auto& [key, stage] : plan.pretrain) {
    if (stage.table != Table::encoder || stage.label != label) continue;
    all.push_back(&stage);
    if (key.starts_with(given.text("key"))) meant.push_back(&stage);
  }
  if (meant.size() == 1) return *meant.front();
  if (all.empty()) {
    for (const auto& cell : plan.cells)
      if (cell.cell.encoder.label == label && !cell.skipped.empty()) refuse_export(cell.skipped);
    refuse_export("no cell of the experiment uses encoder '" + label +
                  "', so that it is not trained");
  }
  std::vector<std::string> trainings;
  trainings.reserve(all.size());
  for (const auto* stage : all)
    trainings.push_back(stage->key.substr(0, 12) + " (" +
                        protocol::json_text(stage->request.encoder.options) + ")");
  if (meant.empty())
    refuse_export("no training of encoder '" + label + "' has a key that begins with '" +
                  given.text("key") + "'; there are " + protocol::join(trainings));
  refuse_export("encoder '" + label +
                "' is trained with several options; say with --key which training is meant: " +
                protocol::join(trainings));
}

/// @throws Failure (usage) with the command that trains, unless the cache has what was learnt
void require_state(const PretrainStage& stage, const Workspace& workspace, const Arguments& given) {
  if (fs::exists(protocol::path_of(stage.request.file))) return;
  auto command = "runner " + workspace.experiment().file;
  for (const auto& change : given.texts("set"))
    command += " --set " + change;
  const auto* store = workspace.store();
  if (store == nullptr || pretraining_record(*store, stage.key).ends.empty())
    refuse_export("encoder '" + stage.label +
                  "' has not been trained yet with these options, data and plugins. '" + command +
                  "' trains it");
  const auto other = fs::path(given.text("results")).parent_path() / "again.db";
  refuse_export("what encoder '" + stage.label +
                "' has learnt is no longer in the cache: there is no " + stage.request.file +
                ". Cells that are ok do not train it again; '" + command + " --results " +
                other.string() + "' does");
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
  refuse_export("encoder '" + entry.id() +
                "' has no option that takes weights, so that it could not load what it has learnt");
}

/// An absolute path that ends with the folder's name, as functions that create folders need it.
fs::path output_path(const std::string& given) {
  const auto path = fs::absolute(protocol::path_of(given)).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

/// The folder of an export, which is empty again unless the export is complete.
class OutputFolder {
 public:
  /// @throws Failure (usage) if there is anything at this place
  explicit OutputFolder(const fs::path& folder) : folder_(folder) {
    if (!fs::exists(folder)) return;
    if (!fs::is_directory(folder)) refuse_export("--to " + folder.string() + " is no folder");
    std::error_code error;
    const bool empty = fs::is_empty(folder, error);
    if (error) refuse_export("--to " + folder.string() + ": " + error.message());
    if (!empty)
      refuse_export("--to " + folder.string() +
                    ": already exists and is not empty; weights never replace others. Give another "
                    "folder, or remove this one");
  }
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;
  ~OutputFolder() {
    if (!made_ || complete_) return;
    std::error_code ignored;
    for (const auto* name : {"model.safetensors", "config.json", "README.md"})
      fs::remove(folder_ / name, ignored);
    if (is_new_) fs::remove(folder_, ignored);
  }

  const fs::path& path() const { return folder_; }
  /// @throws Failure (usage) if it cannot be made
  void make() {
    std::error_code error;
    is_new_ = fs::create_directories(folder_, error);
    if (error)
      refuse_export("--to " + folder_.string() + ": cannot be created: " + error.message());
    made_ = true;
  }
  void complete() { complete_ = true; }

 private:
  fs::path folder_;
  bool is_new_ = false, made_ = false, complete_ = false;
};

protocol::ExportEncoderResult write_weights(const Workspace& workspace,
                                            const protocol::ExportEncoderRequest& request) {
  auto options = workspace.settings().planning.worker;
  options.prefix = workspace.settings().running.worker_prefix;
  try {
    WorkerProcess worker(options);
    return ask<protocol::verb::ExportEncoder>(worker, request, until_done);
  } catch (const WorkerError& error) {
    const bool died = error.kind == "crash" || error.kind == "timeout";
    refuse_export(error.what(), died ? ExitCode::cells_not_ok : ExitCode::usage);
  }
}

ExitCode run_export_encoder(const std::vector<std::string>& arguments) {
  const auto given = parse(syntax_of_export_encoder(), arguments);
  if (!given) return ExitCode::ok;
  const auto file = experiment_file(*given, "export-encoder");
  const auto label = given->text("encoder");
  if (label.empty()) refuse_usage("export-encoder", "ENCODER is missing");
  if (!given->has("to")) refuse_usage("export-encoder", "--to is missing");
  OutputFolder to(output_path(given->text("to")));
  auto settings = workspace_settings_of(*given, Purpose::reading, {});
  auto experiment = read_experiment(file, settings.overrides);
  find_trained(experiment, label);  // before plugins and data are looked at
  const Workspace workspace(std::move(experiment), std::move(settings), Store::Mode::read);
  const auto& written = find_trained(workspace.experiment(), label);
  const auto& plan = keep_until_exit(workspace.plan());
  const auto& stage = select_training(plan, label, *given);
  require_state(stage, workspace, *given);
  const KnownPlugins plugins(workspace.settings().planning);
  const auto entry = plugins.catalog.find("encoder", written.use, written.position.text());
  const auto option = weights_option(entry);

  to.make();
  const auto made = write_weights(workspace, {.encoder = trained_encoder(plan, stage),
                                              .weights = option,
                                              .to = protocol::path_text(to.path())});
  write_model_card(to.path(), {.workspace = workspace,
                               .stage = stage,
                               .encoder = written,
                               .entry = entry,
                               .option = option,
                               .made = made});
  to.complete();
  std::cout << "wrote " << made.tensors << " tensors of " << made.numbers << " numbers to "
            << given->text("to") << '\n';
  return ExitCode::ok;
}

}  // namespace

const Command export_encoder_command{"export-encoder", Group::models,
                                     "exports a pretrained encoder as weights of its plugin",
                                     run_export_encoder};

}  // namespace earshot::host
