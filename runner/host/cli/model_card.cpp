#include "host/cli/model_card.hpp"

#include <fstream>
#include <sstream>

#include "host/base/failure.hpp"
#include "host/base/markup.hpp"
#include "host/schedule/provenance.hpp"
#include "host/store/pretraining_record.hpp"
#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

/// A value as others may read it: weights by what was written; of a file or folder of this machine
/// only its name.
Json public_value(const Json& value) {
  if (value.is_object() && value.contains("source")) return public_value(value.at("source"));
  if (value.is_string()) {
    const auto path = protocol::path_of(value.get<std::string>());
    return path.is_absolute() ? Json(protocol::path_text(path.filename())) : value;
  }
  auto copy = value;
  if (value.is_structured())
    for (auto& part : copy)
      part = public_value(part);
  return copy;
}

std::string code_text(const std::string& text) {
  return text.empty() ? "" : markdown_code(text);
}

/// The component with its options, in the form of the protocol.
std::string ref_text(const protocol::ComponentRef& ref) {
  return code_text(ref.component) + ", " +
         code_text(protocol::json_text(public_value(ref.options)));
}

/// The table of an experiment file that uses the weights. Options are those that differ from their
/// defaults; numbers, texts and lists are the same in TOML as in JSON.
std::string usage_of(const ExportedEncoder& exported) {
  std::string text = "[encoder." + exported.stage.label + "]\nuse = \"" + exported.entry.id() +
                     "\"\noptions = { " + exported.option + " = \"FOLDER\"";
  for (const auto& spec : exported.entry.component->options) {
    const auto& value = exported.made.options.at(spec.name);
    if (spec.name != exported.option && value != spec.value)
      text += ", " + spec.name + " = " + protocol::json_text(public_value(value));
  }
  text += " }\n";
  const auto& from = exported.encoder.from();
  return from.empty() ? text : text + "from = " + protocol::json_text(Json(from)) + "\n";
}

/// "loss 0.25 at step 999, ..."; "" without curves.
std::string ends_of_curves(const PretrainingRecord& record) {
  std::string text;
  for (const auto& end : record.ends)
    text += (text.empty() ? "" : ", ") + end.curve + " " +
            (end.value.is_null() ? "not finite" : protocol::json_text(end.value)) + " at step " +
            std::to_string(end.step);
  return text;
}

/// A table of two columns without a head.
class CardTable {
 public:
  explicit CardTable(std::ostream& card) : card_(card) { card_ << "| | |\n|---|---|\n"; }
  /// Nothing if the value is empty. @param value  Markdown
  void row(const std::string& name, const std::string& value) {
    if (!value.empty()) card_ << "| " << markdown_text(name) << " | " << value << " |\n";
  }

 private:
  std::ostream& card_;
};

void add_training_data(CardTable& table, const PretrainStage& stage) {
  const auto& data = stage.request.dataset;
  table.row("trained on", "the training items of " + code_text(stage.dataset_label) + ": " +
                              ref_text(data.component));
  table.row("hash of the dataset", code_text(data.key));
  table.row("hash of its items", code_text(data.items_hash));
  if (data.limit > 0) table.row("items per split, at most", std::to_string(data.limit));
  if (data.shuffle_labels) table.row("labels", "shuffled: a control, which has learnt nothing");
}

/// What a reader learnt from, and what that reads.
void add_read_encoders(CardTable& table, const std::vector<protocol::FeatureSource>& sources) {
  for (const auto& source : sources) {
    table.row("reads", (source.codes ? "codes of " : "features of ") + ref_text(source.encoder));
    table.row("key of these", code_text(source.key));
    add_read_encoders(table, source.from);
  }
}

void add_training(CardTable& table, const ExportedEncoder& exported,
                  const PretrainingRecord& record) {
  const auto& stage = exported.stage;
  const auto& request = stage.request;
  const auto& plugin = *exported.entry.plugin;
  table.row("trained by", ref_text(request.evaluator));
  table.row("hash of its plugin", code_text(request.evaluator.plugin_sha256));
  table.row("seed", std::to_string(request.seed));
  table.row("end of the training", markdown_text(ends_of_curves(record)));
  table.row("trained encoder", ref_text(request.encoder));
  for (const auto& input : request.encoder.inputs)
    table.row("hash of " + protocol::path_text(protocol::path_of(input.path).filename()),
              code_text(input.sha256));
  add_read_encoders(table, request.from);
  table.row("plugin", markdown_text(plugin.info.name + " " + plugin.info.version));
  table.row("hash of the plugin", code_text(plugin.sha256));
  table.row("key of the training", code_text(stage.key));
}

/// The builds of Earshot that trained and exported: commits, or what is known instead.
void add_builds(CardTable& table, const PretrainingRecord& record) {
  table.row("commit of the experiment", code_text(record.experiment_commit));
  table.row("commit of Earshot in training", code_text(record.earshot_commit));
  table.row("exported by",
            std::string("Earshot ") + EARSHOT_VERSION + ", " +
                (build_commit.empty() ? "not built in a git repository"
                                      : "commit " + code_text(std::string(build_commit))));
}

std::string card_of(const fs::path& folder, const ExportedEncoder& exported) {
  const auto& experiment = exported.workspace.experiment();
  const auto* store = exported.workspace.store();
  const auto record =
      store == nullptr ? PretrainingRecord() : pretraining_record(*store, exported.stage.key);
  std::ostringstream card;
  card << "# " << exported.stage.label << "\n\nWeights of the encoder `" << exported.entry.id()
       << "`, trained by Earshot.\n\n```toml\n"
       << usage_of(exported) << "```\n\n";
  CardTable table(card);
  table.row("experiment",
            code_text(experiment.name) + ", " +
                markdown_text(protocol::path_text(fs::path(experiment.file).filename())));
  table.row("its question", markdown_text(experiment.question));
  add_training_data(table, exported.stage);
  add_training(table, exported, record);
  table.row("weights", std::to_string(exported.made.tensors) + " tensors of " +
                           std::to_string(exported.made.numbers) + " numbers");
  for (const auto* name : {"model.safetensors", "config.json"})
    table.row(std::string("hash of ") + name, code_text(protocol::sha256_file(folder / name)));
  add_builds(table, record);
  card << "\nHashes are SHA-256; that of a dataset covers its items and the content of its files. "
          "Whoever trained the\nweights chooses their licence.\n";
  return card.str();
}

}  // namespace

void write_model_card(const fs::path& folder, const ExportedEncoder& exported) {
  const auto path = folder / "README.md";
  std::ofstream file(path, std::ios::binary);
  file << card_of(folder, exported);
  if (!file.flush())
    throw Failure(ExitCode::usage, path.string() + ": cannot be written; is the disk full?");
}

}  // namespace earshot::host
