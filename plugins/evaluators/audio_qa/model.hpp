#pragma once
#include <span>

#include <lib/learn/state_parts.hpp>

#include <earshot/trial.hpp>

#include "inputs.hpp"

namespace audio_qa {

/// Inputs, mapper and language model of one trial combined.
class Model {
 public:
  Model(earshot::Trial& trial, Inputs& inputs, const Format& format);

  /// Differentiable in parameters(), like log_prob() of the language model.
  std::vector<earshot::Prompt> prompts(earshot::Split split, std::span<const std::int64_t> items);
  /// Likelihood of the answers used in training.
  earshot::Likelihood taught(earshot::Split split, std::span<const std::int64_t> items);

  /// The prompt without audio, for the same model.
  earshot::Prompt unheard_prompt(const earshot::Item& item) const;
  /// Whether the prompt has more than unheard_prompt().
  bool hears() const { return inputs_.hears(); }
  /// Approximate number of positions of the prompt, by which batches are sorted. Reads no features
  /// and no truth.
  std::int64_t prompt_length(earshot::Split split, std::int64_t item) const;

  const Format& format() const { return format_; }
  earshot::LanguageModel& language_model() const { return language_model_; }

  /// `error` of the language model about these prompts, extended by the item that is likely at
  /// fault.
  earshot::DataError of_batch(const earshot::DataError& error,
                              std::span<const earshot::Prompt> prompts, earshot::Split split,
                              std::span<const std::int64_t> items) const;

  earshot::NamedTensors parameters() const;
  void train(bool on);
  /// The state of all parts that parameters() belong to, and what else they remember.
  earshot::State state() const;
  void load_state(const earshot::State& state);

 private:
  earshot::Trial& trial_;
  Inputs& inputs_;
  const Format& format_;
  earshot::LanguageModel& language_model_;
  earshot::Mapper* mapper_;  ///< null: nothing is mapped
};

using earshot::kit::add_part;
using earshot::kit::take_part;

}  // namespace audio_qa
