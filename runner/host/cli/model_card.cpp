#include "host/cli/model_card.hpp"

#include <fstream>
#include <sstream>

#include "host/base/failure.hpp"
#include "host/schedule/provenance.hpp"
#include "host/store/status_tables.hpp"
#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

/// A value as in an experiment file: weights by what was written, all else is the same in JSON.
std::string toml(const Json& value) {
  return protocol::json_text(value.is_object() ? value.value("source", Json()) : value);
}

/// `options = { ... }`: those that differ from the defaults, with the folder as weights.
std::string options_of(const ExportedEncoder& encoder) {
  std::string text = encoder.weights + " = \"FOLDER\"";
  for (const auto& spec : encoder.entry.component->options) {
    const auto& value = encoder.made.options.at(spec.name);
    if (spec.name != encoder.weights && value != spec.value)
      text += ", " + spec.name + " = " + toml(value);
  }
  return "options = { " + text + " }";
}

/// The component with its options, in the form of the protocol.
std::string described(const protocol::ComponentRef& ref) {
  return "`" + ref.component + "`, `" + protocol::json_text(ref.options) + "`";
}

/// "loss 0.25 at step 999, ..."; "" if the results file has no curves of the training.
std::string ends_of_curves(const ExportedEncoder& encoder) {
  const auto* store = encoder.workspace.store();
  std::string text;
  if (store == nullptr) return text;
  for (const auto& point : ends_of_pretraining(*store, encoder.stage.key))
    text += (text.empty() ? "" : ", ") + point.curve + " " +
            (point.value.is_null() ? "not finite" : protocol::json_text(point.value)) +
            " at step " + std::to_string(point.step);
  return text;
}

std::string card_of(const fs::path& folder, const ExportedEncoder& encoder) {
  const auto& stage = encoder.stage;
  const auto& request = stage.request;
  const auto& experiment = encoder.workspace.experiment();
  const auto& plugin = *encoder.entry.plugin;
  std::ostringstream card;
  card << "# " << stage.label << "\n\nWeights of the encoder `" << encoder.entry.id()
       << "`, trained by Earshot.\n\n```toml\n[encoder." << stage.label << "]\nuse = \""
       << encoder.entry.id() << "\"\n"
       << options_of(encoder) << "\n```\n\n| | |\n|---|---|\n";
  const auto row = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) card << "| " << name << " | " << value << " |\n";
  };
  const auto hash = [](const std::string& text) { return text.empty() ? "" : "`" + text + "`"; };
  row("experiment", "`" + experiment.name + "`, " + fs::path(experiment.file).filename().string());
  row("its question", experiment.question);
  row("trained on", "the training items of `" + stage.dataset_label +
                        "`: " + described(request.dataset.component));
  row("hash of the dataset", hash(request.dataset.key));
  row("hash of its items", hash(request.dataset.items_hash));
  if (request.dataset.limit > 0)
    row("items per split, at most", std::to_string(request.dataset.limit));
  if (request.dataset.shuffle_labels)
    row("labels", "shuffled: a control, which has learnt nothing");
  row("trained by", described(request.evaluator));
  row("hash of that plugin", hash(request.evaluator.plugin_sha256));
  row("seed", std::to_string(request.seed));
  row("end of the training", ends_of_curves(encoder));
  row("trained encoder", described(request.encoder));
  for (const auto& input : request.encoder.inputs)
    row("hash of " + input.path, hash(input.sha256));
  row("plugin", plugin.info.name + " " + plugin.info.version);
  row("hash of the plugin", hash(plugin.sha256));
  row("key of the training", hash(stage.key));
  row("weights", std::to_string(encoder.made.tensors) + " tensors of " +
                     std::to_string(encoder.made.numbers) + " numbers");
  row("hash of model.safetensors", hash(protocol::sha256_file(folder / "model.safetensors")));
  row("Earshot",
      EARSHOT_VERSION + std::string(build_commit.empty()
                                        ? ", not built in a git repository"
                                        : ", commit `" + std::string(build_commit) + "`"));
  card << "\nHashes are SHA-256; that of a dataset covers its items and the content of its files. "
          "The "
          "license of the weights is for\nwhoever trained them to choose.\n";
  return card.str();
}

}  // namespace

void write_model_card(const fs::path& folder, const ExportedEncoder& encoder) {
  const auto text = card_of(folder, encoder);
  std::ofstream file(folder / "README.md", std::ios::binary);
  file << text;
  if (!file.flush())
    throw Failure(ExitCode::usage,
                  (folder / "README.md").string() + ": cannot be written; is the disk full?");
}

}  // namespace earshot::host
