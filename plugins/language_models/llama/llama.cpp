#include "llama.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <earshot/error.hpp>
#include <earshot/kit/nn/model_options.hpp>

#include "adapter.hpp"
#include "operations.hpp"
#include "sampler.hpp"

namespace llama {

namespace {

namespace fs = std::filesystem;
using earshot::ContractError;
using earshot::DataError;
using earshot::Prompt;
using earshot::kit::Checkpoint;
using earshot::kit::Tokenizer;

/// Positions that are computed at once where no gradients ask for all of a batch.
constexpr std::int64_t most_positions = 8192;
constexpr const char* code_rows = "audio_codes.weight";

std::optional<fs::path> folder_of(const earshot::Weights& weights) {
  if (weights.random()) return {};
  return fs::is_directory(weights.path) ? weights.path : weights.path.parent_path();
}

Tokenizer tokenizer_of(const earshot::Options& options) {
  const auto folder = folder_of(options.weights("weights"));
  return folder ? Tokenizer(*folder)
                : Tokenizer::bytes({"<|endoftext|>", "<|im_start|>", "<|im_end|>"});
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

/// What answers of a prompt are drawn from: FNV-1a over its tokens.
std::uint64_t hash_of(const Reading& reading) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const auto& piece : reading.pieces)
    for (const auto token : piece.tokens) {
      hash ^= static_cast<std::uint64_t>(token);
      hash *= 0x100000001b3U;
    }
  return hash;
}

std::vector<std::int64_t> lengths_of(std::span<const Reading> readings) {
  std::vector<std::int64_t> lengths;
  for (const auto& reading : readings)
    lengths.push_back(reading.length);
  return lengths;
}

/// Calls work(first, count) for stretches of sequences of no more than `most_positions`, or of one.
template <class Work>
void each_stretch(const std::vector<std::int64_t>& lengths, const Work& work) {
  std::size_t first = 0;
  while (first < lengths.size()) {
    auto end = first + 1;
    auto positions = lengths[first];
    while (end < lengths.size() && positions + lengths[end] <= most_positions)
      positions += lengths[end++];
    work(first, end - first);
    first = end;
  }
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
      throw DataError("the state has '" + name + "', which the language model lacks");
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
      {.name = "train",
       .value = std::string("frozen"),
       .help = "What training changes: nothing, low-rank adapters, or all weights",
       .choices = {"frozen", "lora", "full"}},
      {.name = "adapter",
       .value = earshot::Path{},
       .help = "Folder of a LoRA adapter as peft writes it; merged into the weights, or with "
               "train = \"lora\" trained on, with its own rank, alpha and targets"},
      {.name = "lora_rank", .value = std::int64_t{8}, .help = "Of new adapters", .min = 1},
      {.name = "lora_alpha",
       .value = 16.0,
       .help = "New adapters count alpha / rank times",
       .min = 0},
      {.name = "lora_targets",
       .value = std::vector<std::string>{"q_proj", "v_proj"},
       .help = "Linear layers that get adapters, by the end of their names; all-linear: all"},
      {.name = "lora_dropout",
       .value = 0.0,
       .help = "Share of an adapter's inputs that is left out, in training",
       .min = 0,
       .max = 0.9},
      {.name = "chat",
       .value = std::string("auto"),
       .help = "Dialogue around what is asked; auto: as the checkpoint says",
       .choices = {"auto", "none", "chatml", "smollm2", "llama3", "llama3_2"}},
      {.name = "number_type",
       .value = std::string("float32"),
       .help = "Of weights, and what is computed in",
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
                    " rows for them. Get both again");
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
            "a prompt has audio codes, but the language model was not connected to a codec; "
            "connect() comes first");
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

/// A prompt with its answer, but for the end marker, behind which nothing is predicted.
struct Llama::Scored {
  Reading reading{};
  std::vector<std::int64_t> targets{};  ///< the answer and its end marker
};

Llama::Scored Llama::scored(const Prompt& prompt, const std::string& answer,
                            std::size_t index) const {
  const auto place = "prompt " + std::to_string(index);
  Scored pair{.reading = read(prompt), .targets = tokenizer_.encode(answer)};
  if (pair.reading.length == 0) throw DataError(place + " is empty; an answer follows something");
  if (pair.targets.empty())
    throw DataError("the answer to " + place + " is empty; a likelihood is that of a text");
  pair.reading.add(pair.targets);
  pair.targets.push_back(framing_.end);
  if (pair.reading.length > model_.architecture().context)
    throw DataError(place + " and its answer have " + std::to_string(pair.reading.length) +
                    " positions; allowed: at most " +
                    std::to_string(model_.architecture().context) +
                    ", the model's context. Shorten the audio or the text");
  return pair;
}

at::Tensor Llama::log_prob(std::span<const Scored> pairs) const {
  std::vector<Reading> readings;
  std::vector<std::int64_t> rows, targets, owners;
  std::int64_t end = 0;
  for (const auto& pair : pairs) {
    readings.push_back(pair.reading);
    end += pair.reading.length;
    const auto count = std::ssize(pair.targets);
    for (std::int64_t i = 0; i < count; ++i)
      rows.push_back(end - count + i);
    targets.insert(targets.end(), pair.targets.begin(), pair.targets.end());
    owners.insert(owners.end(), pair.targets.size(), std::ssize(readings) - 1);
  }
  const auto device = model_.head().device();
  const auto on_device = [&](const std::vector<std::int64_t>& values) {
    return at::tensor(values, at::kLong).to(device);
  };
  const auto hidden = model_.forward(embedded(model_, readings),
                                     {.lengths = lengths_of(readings), .rows = on_device(rows)});
  const auto each = target_log_prob(hidden, model_.head(), on_device(targets));
  return at::zeros({std::ssize(pairs)}, each.options().requires_grad(false))
      .index_add(0, on_device(owners), each);
}

earshot::Likelihood Llama::log_prob(std::span<const Prompt> prompts,
                                    std::span<const std::string> answers) {
  if (prompts.size() != answers.size())
    throw ContractError(std::to_string(answers.size()) + " answers to " +
                        std::to_string(prompts.size()) + " prompts; expected one each");
  std::vector<Scored> pairs;
  std::vector<std::int64_t> lengths, tokens;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    pairs.push_back(scored(prompts[i], answers[i], i));
    lengths.push_back(pairs.back().reading.length);
    tokens.push_back(std::ssize(pairs.back().targets));
  }
  if (pairs.empty()) return {at::zeros({0}), at::zeros({0}, at::kLong)};
  earshot::Likelihood result{.tokens = at::tensor(tokens, at::kLong)};
  if (c10::GradMode::is_enabled()) {
    result.log_prob = log_prob(pairs);
    return result;
  }
  std::vector<at::Tensor> parts;
  each_stretch(lengths, [&](std::size_t first, std::size_t count) {
    parts.push_back(log_prob(std::span(pairs).subspan(first, count)));
  });
  result.log_prob = at::cat(parts);
  return result;
}

at::Tensor Llama::begin(std::span<const Reading> readings, Cache& cache) const {
  std::vector<at::Tensor> parts;
  each_stretch(lengths_of(readings), [&](std::size_t first, std::size_t count) {
    const auto some = readings.subspan(first, count);
    const auto lengths = lengths_of(some);
    const auto last = (at::tensor(lengths, at::kLong).cumsum(0) - 1).to(model_.head().device());
    parts.push_back(
        model_.forward(embedded(model_, some), {.lengths = lengths,
                                                .rows = last,
                                                .cache = &cache,
                                                .first = static_cast<std::int64_t>(first)}));
  });
  return at::cat(parts);
}

std::vector<std::string> Llama::generate(std::span<const Prompt> prompts,
                                         const earshot::Decoding& decoding) {
  const c10::NoGradGuard no_gradient;
  const Sampler sampler(decoding);
  const auto context = model_.architecture().context;
  std::vector<Reading> readings;
  std::vector<earshot::kit::Random> streams;
  std::int64_t longest = 0;
  for (const auto& prompt : prompts) {
    readings.push_back(read(prompt));
    const auto length = readings.back().length;
    const auto place = "prompt " + std::to_string(readings.size() - 1);
    if (length == 0) throw DataError(place + " is empty; an answer follows something");
    if (length >= context)
      throw DataError(place + " has " + std::to_string(length) +
                      " positions, which leaves no room for an answer; allowed: at most " +
                      std::to_string(context - 1) + ". Shorten the audio or the text");
    streams.push_back(sampler.stream(hash_of(readings.back())));
    longest = std::max(longest, length);
  }
  std::vector<std::vector<std::int64_t>> answers(prompts.size());
  if (prompts.empty()) return {};

  constexpr std::int64_t first_room = 64;
  Cache cache(model_.architecture(), std::ssize(prompts),
              longest + std::min(decoding.max_tokens, first_room), model_.head().device());
  auto hidden = begin(readings, cache);
  std::vector<std::size_t> rows(prompts.size());  // which prompt a row of the cache is of
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i] = i;
  std::vector<bool> done(prompts.size());
  while (true) {
    std::vector<earshot::kit::Random*> drawn_from;
    for (const auto prompt : rows)
      drawn_from.push_back(&streams[prompt]);
    auto tokens = sampler.choose(model_.logits(hidden), drawn_from);
    std::vector<std::int64_t> open;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const auto prompt = rows[row];
      auto& answer = answers[prompt];
      if (done[prompt]) continue;
      const bool ends =
          std::find(framing_.stop.begin(), framing_.stop.end(), tokens[row]) != framing_.stop.end();
      if (!ends) answer.push_back(tokens[row]);
      done[prompt] = ends || std::ssize(answer) >= decoding.max_tokens ||
                     readings[prompt].length + std::ssize(answer) >= context;
      if (!done[prompt]) open.push_back(static_cast<std::int64_t>(row));
    }
    if (open.empty()) break;
    // To forget what is done costs a copy of the rest: not for each answer that ends.
    constexpr std::size_t eighths = 7;
    if (8 * open.size() <= eighths * rows.size()) {
      cache.keep(open);
      for (std::size_t i = 0; i < open.size(); ++i) {
        rows[i] = rows[static_cast<std::size_t>(open[i])];
        tokens[i] = tokens[static_cast<std::size_t>(open[i])];
      }
      rows.resize(open.size());
      tokens.resize(open.size());
    }
    hidden =
        model_.step(model_.embed(at::tensor(tokens, at::kLong).to(model_.head().device())), cache);
  }
  std::vector<std::string> texts;
  texts.reserve(answers.size());
  for (const auto& answer : answers)
    texts.push_back(tokenizer_.decode(answer, /*skip_special=*/true));
  return texts;
}

}  // namespace llama
