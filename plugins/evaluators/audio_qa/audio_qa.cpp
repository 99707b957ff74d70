#include "audio_qa.hpp"

#include <ATen/core/Tensor.h>

#include <earshot/kit/checkpoint.hpp>

namespace audio_qa {

using earshot::DataError;
using earshot::State;
using earshot::Trial;

earshot::OptionSchema AudioQa::options() {
  earshot::OptionSchema schema;
  const auto add = [&](const earshot::OptionSchema& some) {
    schema.insert(schema.end(), some.begin(), some.end());
  };
  add(Inputs::options());
  add(Format::options());
  add(Training::options());
  add(Answering::options());
  schema.push_back(Marks::scorer_option());
  schema.push_back({.name = "checkpoint",
                    .value = earshot::Path{},
                    .help = "A fit.state of a cell with the same mapper and language model: "
                            "nothing is trained, and it answers the test items",
                    .role = earshot::Role::trained_state});
  return schema;
}

namespace {

Marks::Settings marks_of(const earshot::Options& options) {
  return {.scorer = options.text("scorer"),
          .choice_rule = options.text("choose"),
          .said = options.integer("max_tokens") > 0,
          .blind = options.text("input") == "none"};
}

/// Reads a fit.state as the host writes it: a safetensors file whose names begin with their part.
State read_checkpoint(const std::filesystem::path& file) {
  const earshot::kit::Checkpoint checkpoint(file);
  State state{.text = checkpoint.metadata()};
  for (const auto& name : checkpoint.names())
    state.tensors.emplace(name, checkpoint.get(name));
  if (!state.text.contains("evaluator/audio_qa"))
    throw DataError(file.string() +
                    ": not the state of an audio_qa cell; expected a file fit.state from a fit, "
                    "below the results");
  return state;
}

}  // namespace

AudioQa::AudioQa(const earshot::Options& options, const earshot::Context& context)
    : checkpoint_(options.path("checkpoint")),
      inputs_(options, context.device),
      format_(options),
      training_(options),
      answering_(options),
      marks_(marks_of(options), format_) {}

earshot::Uses AudioQa::uses() const {
  return {.features = inputs_.features(),
          .mapper = inputs_.mapped(),
          .language_model = true,
          .seed = checkpoint_.empty()};
}

std::vector<earshot::MetricSpec> AudioQa::metrics() const {
  auto all = Marks::metrics();
  const auto training = Training::metrics();
  all.insert(all.end(), training.begin(), training.end());
  return all;
}

void AudioQa::fit(Trial& trial) {
  if (!checkpoint_.empty()) {
    const auto all = read_checkpoint(checkpoint_);
    load_state(take_part(all, "evaluator/"));
    if (inputs_.mapped()) inputs_.mapper(trial).load_state(take_part(all, "components/mapper/"));
    trial.language_model().load_state(take_part(all, "components/language_model/"));
    return;
  }
  const auto own = trial.resume();
  if (own)
    inputs_.load_state(take_part(*own, "inputs/"));
  else
    inputs_.learn(trial);
  Model model(trial, inputs_, format_);
  training_.run(trial, model, own);
}

void AudioQa::predict(Trial& trial) {
  const auto own = trial.resume();
  Model model(trial, inputs_, format_);
  answering_.run(trial, model, own);
}

earshot::Numbers AudioQa::mark(const earshot::Item& item,
                               const earshot::Prediction& prediction) const {
  return marks_.mark(item, prediction);
}

earshot::Numbers AudioQa::score(std::span<const earshot::Outcome> slice) const {
  return marks_.score(slice);
}

State AudioQa::state() const {
  State state;
  add_part(state, "inputs/", inputs_.state());
  state.text.emplace("audio_qa", "1");  // marks a checkpoint
  return state;
}

void AudioQa::load_state(const State& state) {
  inputs_.load_state(take_part(state, "inputs/"));
}

}  // namespace audio_qa
