#include "model.hpp"

#include <algorithm>

#include <ATen/ATen.h>

namespace audio_qa {

using earshot::Prompt;
using earshot::Split;
using earshot::State;

Model::Model(earshot::Trial& trial, Inputs& inputs, const Format& format)
    : trial_(trial),
      inputs_(inputs),
      format_(format),
      language_model_(trial.language_model()),
      mapper_(inputs.mapped() ? &inputs.mapper(trial) : nullptr) {}

std::vector<Prompt> Model::prompts(Split split, std::span<const std::int64_t> items) {
  const auto heard = inputs_.heard(trial_, split, items);
  std::vector<Prompt> prompts;
  for (std::size_t i = 0; i < items.size(); ++i)
    prompts.push_back(format_.prompt(trial_.item(split, items[i]), heard[i]));
  return prompts;
}

earshot::Likelihood Model::taught(Split split, std::span<const std::int64_t> items) {
  std::vector<std::string> answers;
  for (const auto item : items)
    answers.push_back(format_.taught_answer(trial_.item(split, item)));
  const auto asked = prompts(split, items);
  try {
    return language_model_.log_prob(asked, answers);
  } catch (const earshot::DataError& error) {
    throw of_batch(error, asked, split, items);
  }
}

/// A language model does not know items: the error names the longest one, which is usually at
/// fault.
earshot::DataError Model::of_batch(const earshot::DataError& error, std::span<const Prompt> prompts,
                                   Split split, std::span<const std::int64_t> items) const {
  std::vector<std::int64_t> lengths;
  for (const auto& prompt : prompts)
    lengths.push_back(language_model_.length(prompt));
  const auto longest = std::max_element(lengths.begin(), lengths.end());
  const auto item = items[static_cast<std::size_t>(longest - lengths.begin())];
  return earshot::DataError("item '" + trial_.item(split, item).id + "', the longest of " +
                            std::to_string(items.size()) + " with a prompt of " +
                            std::to_string(*longest) + " positions: " + error.what());
}

Prompt Model::unheard_prompt(const earshot::Item& item) const {
  return format_.prompt(item, inputs_.unheard());
}

std::int64_t Model::prompt_length(Split split, std::int64_t index) const {
  constexpr std::int64_t embeddings = 64;  // of a clip: rough, only for sorting
  const auto item = trial_.item(split, index);
  return language_model_.length(format_.prompt(item, {})) + std::ssize(item.clips) * embeddings;
}

earshot::NamedTensors Model::parameters() const {
  earshot::NamedTensors all;
  const auto add = [&](const std::string& prefix, const earshot::NamedTensors& some) {
    for (const auto& [name, tensor] : some)
      all.emplace_back(prefix + name, tensor);
  };
  add("inputs/", inputs_.parameters());
  if (mapper_ != nullptr) add("mapper/", mapper_->parameters());
  add("language_model/", language_model_.parameters());
  return all;
}

void Model::train(bool on) {
  if (mapper_ != nullptr) mapper_->train(on);
  language_model_.train(on);
}

State Model::state() const {
  State state;
  add_part(state, "inputs/", inputs_.state());
  if (mapper_ != nullptr) add_part(state, "mapper/", mapper_->state());
  add_part(state, "language_model/", language_model_.state());
  return state;
}

void Model::load_state(const State& state) {
  inputs_.load_state(take_part(state, "inputs/"));
  if (mapper_ != nullptr) mapper_->load_state(take_part(state, "mapper/"));
  language_model_.load_state(take_part(state, "language_model/"));
}

}  // namespace audio_qa
