#include "token_lm.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include <ATen/ATen.h>

#include <lib/learn/code_use.hpp>
#include <lib/learn/state_parts.hpp>

#include "code_course.hpp"

namespace token_lm {

using earshot::Numbers;
using earshot::Split;
using earshot::State;
using earshot::Trial;
using earshot::kit::TrainingLoop;

namespace {

constexpr const char* sizes_part = "sizes";

/// The loop's options with defaults for a model of a million weights, which learns, and begins to
/// learn by heart, within some thousand steps.
earshot::OptionSchema loop_options() {
  const std::map<std::string, earshot::OptionValue> defaults = {
      {"max_steps", std::int64_t{2000}},
      {"validate_every", std::int64_t{100}},
      {"patience", std::int64_t{5}},
      {"lr", 1e-3},
      {"checkpoint_every", std::int64_t{100}}};
  auto schema = TrainingLoop::options();
  for (auto& option : schema)
    if (const auto found = defaults.find(option.name); found != defaults.end())
      option.value = found->second;
  return schema;
}

}  // namespace

earshot::OptionSchema TokenLm::options() {
  earshot::OptionSchema schema{
      {.name = "levels",
       .value = std::int64_t{0},
       .help = "Levels of the codes that are modelled, coarsest first; 0: all",
       .min = 0},
      {.name = "width",
       .value = std::int64_t{128},
       .help = "Values per position of the model, a multiple of twice `heads`",
       .min = 2,
       .max = 4096},
      {.name = "layers",
       .value = std::int64_t{4},
       .help = "Layers of the model",
       .min = 1,
       .max = 64},
      {.name = "heads",
       .value = std::int64_t{4},
       .help = "Attention heads of each layer",
       .min = 1,
       .max = 64},
      {.name = "context",
       .value = std::int64_t{512},
       .help = "Codes that are read at once, rounded down to whole frames",
       .unit = "codes",
       .min = 2,
       .max = 65536},
  };
  const auto loop = loop_options();
  schema.insert(schema.end(), loop.begin(), loop.end());
  return schema;
}

TokenLm::TokenLm(const earshot::Options& options, const earshot::Context& context)
    : levels_(options.integer("levels")),
      width_(options.integer("width")),
      layers_(options.integer("layers")),
      heads_(options.integer("heads")),
      context_(options.integer("context")),
      loop_(options),
      device_(context.device) {
  check_shape({.sizes = {}, .width = width_, .layers = layers_, .heads = heads_});
}

std::vector<earshot::MetricSpec> TokenLm::metrics() const {
  return {{.name = "bits_per_token",
           .help = "Mean bits of a code, given the codes before it",
           .unit = "bit",
           .higher_is_better = false,
           .primary = true},
          {.name = "perplexity",
           .help = "2 to the power of that: among how many codes the model is in doubt",
           .higher_is_better = false},
          {.name = "bits_per_second",
           .help = "Bits of the codes of a second, given those before",
           .unit = "bit/s",
           .higher_is_better = false},
          {.name = "validation_loss",
           .help = "Mean loss per code on validation items, for the state kept",
           .unit = "nat",
           .higher_is_better = false},
          {.name = "train_steps", .help = "Steps after which training ended"},
          {.name = "trained_weights", .help = "Trainable parameters of the model"}};
}

void TokenLm::make_model(std::vector<std::int64_t> sizes, std::uint64_t seed) {
  model_.emplace(
      Shape{.sizes = std::move(sizes), .width = width_, .layers = layers_, .heads = heads_}, seed,
      device_);
}

std::int64_t TokenLm::context_frames() const {
  return std::max<std::int64_t>(1, context_ / std::ssize(model_->shape().sizes));
}

void TokenLm::fit(Trial& trial) {
  if (trial.size(Split::train) == 0)
    throw earshot::DataError(
        "there are no training items; expected at least one, whose codes are learnt");
  const auto first = earshot::kit::first_levels(trial.codes(Split::train, 0), levels_);
  make_model(first.spec.sizes, trial.seed("weights"));
  const auto own = trial.resume();
  if (own) model_->load(earshot::kit::take_part(*own, "model/"));
  CodeCourse course(
      trial, *model_,
      {.batch_size = loop_.batch_size(), .levels = levels_, .frames = context_frames()});
  const auto outcome = loop_.run(trial, course, own);
  if (!outcome) return;
  trial.report("trained_weights", static_cast<double>(outcome->parameters), 1);
  trial.report("train_steps", static_cast<double>(outcome->steps), 1);
  if (outcome->validation_loss)
    trial.report("validation_loss", *outcome->validation_loss, outcome->validation_items);
}

/// Of all codes of a clip, (1, Q, T).
double TokenLm::bits_of(const at::Tensor& codes) const {
  const auto frames = codes.size(2), context = context_frames();
  const auto step = std::max<std::int64_t>(1, context / 2);
  double sum = 0;
  for (std::int64_t start = 0, done = 0; done < frames; start += step) {
    const auto count = std::min(context, frames - start), known = done - start;
    const auto log_probs = model_->log_probs(codes.narrow(2, start, count));
    sum += log_probs.narrow(2, known, count - known).sum(at::kDouble).item<double>();
    done = start + count;
  }
  return -sum / std::numbers::ln2;
}

void TokenLm::predict(Trial& trial) {
  const auto size = trial.size(Split::test);
  for (std::int64_t i = 0; i < size && !trial.stop(); ++i) {
    const auto codes = earshot::kit::first_levels(trial.codes(Split::test, i), levels_);
    if (codes.spec.sizes != model_->shape().sizes)
      throw earshot::ContractError("the codes of test item '" + trial.item(Split::test, i).id +
                                   "' have other codebooks than those of training items; expected "
                                   "the same for all clips of an encoder");
    const auto frames = codes.lengths[0].item<std::int64_t>();
    Numbers measures{{"bits", bits_of(codes.codes.narrow(2, 0, frames))},
                     {"tokens", static_cast<double>(frames * codes.codes.size(1))}};
    if (codes.spec.frame_rate > 0)
      measures["seconds"] = static_cast<double>(frames) / codes.spec.frame_rate;
    trial.predict({.item = i, .measures = std::move(measures)});
    trial.progress(i + 1, size);
  }
}

Numbers TokenLm::mark(const earshot::Item&, const earshot::Prediction&) const {
  return {};  // each code counts alike, and items have different numbers of them
}

Numbers TokenLm::score(std::span<const earshot::Outcome> slice) const {
  double bits = 0, tokens = 0, seconds = 0;
  for (const auto& outcome : slice) {
    const auto& measures = outcome.prediction.measures;
    bits += measures.at("bits");
    tokens += measures.at("tokens");
    if (const auto found = measures.find("seconds"); found != measures.end())
      seconds += found->second;
  }
  Numbers scores{{"bits_per_token", bits / tokens}};
  if (const auto perplexity = std::exp2(bits / tokens); std::isfinite(perplexity))
    scores["perplexity"] = perplexity;
  if (seconds > 0) scores["bits_per_second"] = bits / seconds;
  return scores;
}

State TokenLm::state() const {
  State state;
  if (!model_) return state;
  for (const auto& [name, tensor] : model_->parameters())
    state.tensors.emplace(name, tensor);
  state.tensors.emplace(sizes_part, at::tensor(model_->shape().sizes, at::kLong));
  return state;
}

void TokenLm::load_state(const State& state) {
  const auto found = state.tensors.find(sizes_part);
  if (found == state.tensors.end() || found->second.dim() != 1 || found->second.numel() == 0 ||
      found->second.scalar_type() != at::kLong)
    throw earshot::DataError("the state has no whole numbers '" + std::string(sizes_part) +
                             "'; expected those of the codebooks of a fitted token_lm");
  const auto sizes = found->second.cpu().contiguous();
  const auto* size = sizes.const_data_ptr<std::int64_t>();
  make_model({size, size + sizes.numel()}, 0);
  model_->load(state);
}

}  // namespace token_lm
