#include "llama.hpp"

#include <filesystem>
#include <map>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <lib/models/model_options.hpp>

#include <earshot/error.hpp>

#include "adapter.hpp"

namespace llama {

namespace {

namespace fs = std::filesystem;
using earshot::ContractError;
using earshot::DataError;
using earshot::Prompt;
using earshot::kit::Checkpoint;
using earshot::kit::Tokenizer;

constexpr const char* code_rows = "audio_codes.weight";

std::optional<fs::path> folder_of(const earshot::Weights& weights) {
  if (weights.random()) return {};
  return fs::is_directory(weights.path) ? weights.path : weights.path.parent_path();
}

Tokenizer tokenizer_of(const earshot::Options& options) {
  const auto folder = folder_of(options.weights("weights"));
  const auto& words = options.texts("words");
  if (!folder) return Tokenizer::bytes({"<|endoftext|>", "<|im_start|>", "<|im_end|>"}, words);
  if (!words.empty())
    throw earshot::ConfigError(
        "words are given, but the checkpoint has its own tokenizer; words require weights = "
        "\"random\"");
  // Opened first, so that a file that is not a checkpoint is reported as such rather than by the
  // missing tokenizer.
  const Checkpoint checkpoint(options.weights("weights").path);
  return Tokenizer(*folder);
}

at::ScalarType type_of(const std::string& name) {
  if (name == "bfloat16") return at::kBFloat16;
  return name == "float16" ? at::kHalf : at::kFloat;
}

Model model_of(const earshot::Options& options, const earshot::Context& context,
               const Tokenizer& tokenizer) {
  const auto with_type = [&](Architecture a) {
    a.type = type_of(options.text("number_type"));
    return a;
  };
  return earshot::kit::make_model<Model>(
      options, context.device, presets().front(),
      [&](const std::string& name) { return with_type(preset(name, tokenizer.size())); },
      [&](const Checkpoint& checkpoint) { return with_type(read_architecture(checkpoint)); });
}

Framing framing_of(const earshot::Options& options, const Tokenizer& tokenizer) {
  const auto& weights = options.weights("weights");
  const auto ends = weights.random() ? std::vector<std::int64_t>{*tokenizer.id("<|endoftext|>")}
                                     : read_end_tokens(Checkpoint(weights.path));
  return framing(tokenizer, options.text("chat"), folder_of(weights), ends);
}

void copy_into(const std::map<std::string, at::Tensor>& own, const earshot::State& state) {
  for (const auto& [name, tensor] : own) {
    const auto found = state.tensors.find(name);
    if (found == state.tensors.end())
      throw DataError("the state lacks '" + name + "', which the language model has");
    if (found->second.sizes() != tensor.sizes())
      throw DataError("'" + name + "' of the state is " + c10::str(found->second.sizes()) +
                      " and should be " + c10::str(tensor.sizes()));
  }
  for (const auto& [name, tensor] : state.tensors)
    if (!own.contains(name))
      throw DataError("the state has '" + name + "', which the language model does not have");
  const c10::NoGradGuard no_gradient;
  for (const auto& [name, tensor] : own)
    at::Tensor(tensor).copy_(state.tensors.at(name));
}

}  // namespace

earshot::OptionSchema Llama::options() {
  auto all = earshot::kit::model_options("hf://HuggingFaceTB/SmolLM2-135M",
                                         "Folder of a checkpoint with its config.json and "
                                         "tokenizer.json, or random",
                                         presets());
  const earshot::OptionSchema own = {
      {.name = "words",
       .value = std::vector<std::string>{},
       .help = "With random weights, words that are single tokens; everything else is spelled in "
               "bytes"},
      {.name = "train",
       .value = std::string("frozen"),
       .help = "What training changes: nothing, low-rank adapters, or all weights",
       .choices = {"frozen", "lora", "full"}},
      {.name = "adapter",
       .value = earshot::Path{},
       .help = "Folder of a LoRA adapter as written by peft; merged into the weights, or with "
               "train = \"lora\" trained further, with its own rank, alpha and targets"},
      {.name = "lora_rank", .value = std::int64_t{8}, .help = "Rank of new adapters", .min = 1},
      {.name = "lora_alpha",
       .value = 16.0,
       .help = "Output of new adapters is scaled by alpha / rank",
       .min = 0},
      {.name = "lora_targets",
       .value = std::vector<std::string>{"q_proj", "v_proj"},
       .help = "Linear layers that get adapters, by the end of their names; all-linear: all"},
      {.name = "lora_dropout",
       .value = 0.0,
       .help = "Dropout rate of an adapter's inputs in training",
       .min = 0,
       .max = 0.9},
      {.name = "chat",
       .value = std::string("auto"),
       .help = "Chat template around the prompt; auto: the checkpoint's",
       .choices = {"auto", "none", "chatml", "smollm2", "llama3", "llama3_2"}},
      {.name = "number_type",
       .value = std::string("float32"),
       .help = "Type of weights and computation",
       .choices = {"float32", "bfloat16", "float16"}},
      {.name = "gradient_checkpointing",
       .value = false,
       .help = "Computes layers twice in training, for less memory and the same results",
       .affects_results = false},
      earshot::kit::pretrain_data_option(
          {"2 trillion tokens of FineWeb-Edu, DCLM, The Stack and other text"}),
  };
  all.insert(all.end(), own.begin(), own.end());
  return all;
}

Llama::Llama(const earshot::Options& options, const earshot::Context& context)
    : train_(options.text("train") == "full"   ? Train::full
             : options.text("train") == "lora" ? Train::lora
                                               : Train::frozen),
      tokenizer_(tokenizer_of(options)),
      model_(model_of(options, context, tokenizer_)),
      framing_(framing_of(options, tokenizer_)),
      dropout_(options.number("lora_dropout")) {
  if (tokenizer_.size() > model_.architecture().vocabulary)
    throw DataError(options.weights("weights").path.string() + ": its tokenizer has " +
                    std::to_string(tokenizer_.size()) + " tokens, its model " +
                    std::to_string(model_.architecture().vocabulary) +
                    " rows for them. Download both again");
  model_.set_recompute(options.flag("gradient_checkpointing"));
  const auto& adapter = options.path("adapter");
  if (!adapter.empty())
    read_adapter(model_, adapter);
  else if (train_ == Train::lora)
    add_adapters(model_, options.integer("lora_rank"), options.number("lora_alpha"),
                 options.texts("lora_targets"));
  if (train_ != Train::lora)
    for (auto* projection : model_.projections())
      projection->merge();
  if (train_ == Train::full) trained_ = model_.make_trainable();
  if (train_ == Train::lora) trained_ = adapter_tensors(model_);
  for (auto& [name, tensor] : trained_)
    tensor.set_requires_grad(true);
}

earshot::LanguageModelSpec Llama::spec() const {
  const auto& a = model_.architecture();
  return {.embedding_dim = a.width, .context = a.context};
}

void Llama::connect(const earshot::CodeSpec& codes) {
  codes_.emplace(codes, speech_tokens(tokenizer_), model_);
  if (codes_->rows().defined()) trained_.emplace_back(code_rows, codes_->rows());
}

void Llama::train(bool on) {
  model_.set_dropout(on ? dropout_ : 0);
}

std::map<std::string, at::Tensor> Llama::stored(bool with_base) const {
  std::map<std::string, at::Tensor> all;
  if (train_ == Train::full || with_base)
    for (const auto& [name, tensor] : model_.tensors())
      all.emplace(name, tensor.detach());
  if (train_ == Train::lora)
    for (const auto& [name, tensor] : adapter_tensors(model_))
      all.emplace(name, tensor.detach());
  if (codes_ && codes_->rows().defined()) all.emplace(code_rows, codes_->rows().detach());
  return all;
}

earshot::State Llama::state() const {
  earshot::State made{.tensors = stored(false)};
  if (train_ == Train::lora) made.text["adapter_config.json"] = adapter_config(model_);
  return made;
}

void Llama::load_state(const earshot::State& state) {
  copy_into(stored(state.tensors.contains("model.embed_tokens.weight")), state);
}

Reading Llama::read(const Prompt& prompt) const {
  Reading reading;
  reading.add(framing_.before);
  std::string text;
  const auto end_text = [&] {
    reading.add(tokenizer_.encode(text));
    text.clear();
  };
  for (const auto& part : prompt) {
    if (const auto* words = std::get_if<std::string>(&part)) {
      text += *words;
      continue;
    }
    end_text();
    if (const auto* vectors = std::get_if<earshot::Embeddings>(&part)) {
      const auto& values = vectors->values;
      if (values.dim() != 2 || values.size(1) != model_.architecture().width ||
          !values.is_floating_point())
        throw ContractError(
            "embeddings of a prompt are " + c10::str(values.scalar_type(), values.sizes()) +
            "; expected floating (T, " + std::to_string(model_.architecture().width) + ")");
      reading.add(values);
    } else {
      if (!codes_)
        throw ContractError(
            "a prompt has audio codes, but the language model was not connected to a codec; call "
            "connect() first");
      codes_->read(std::get<earshot::AudioCodes>(part).codes, reading);
    }
  }
  end_text();
  reading.add(framing_.after);
  return reading;
}

std::int64_t Llama::length(const Prompt& prompt) const {
  return read(prompt).length;
}

void Llama::add_tokens(std::span<const std::int64_t> ids, std::vector<earshot::Token>& to) const {
  for (const auto& id : ids)
    to.push_back({id, tokenizer_.decode({&id, 1}, false)});
}

std::vector<earshot::Token> Llama::tokens(const Prompt& prompt) const {
  std::vector<earshot::Token> all;
  for (const auto& piece : read(prompt).pieces) {
    add_tokens(piece.tokens, all);
    if (piece.values.defined())
      all.resize(all.size() + static_cast<std::size_t>(piece.values.size(0)));
  }
  return all;
}

std::vector<earshot::Token> Llama::answer_tokens(const std::string& answer) const {
  std::vector<earshot::Token> all;
  auto ids = tokenizer_.encode(answer);
  ids.push_back(framing_.end);
  add_tokens(ids, all);
  return all;
}

}  // namespace llama
