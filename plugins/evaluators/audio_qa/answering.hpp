#pragma once
#include <map>

#include "model.hpp"

namespace audio_qa {

/// Answers every test item once: what the model says, and how likely it finds choices (for
/// questions with choices) or candidates (for open ones).
///
/// Prediction::output is the unchanged text of the reply. `scores` are natural logarithms: of each
/// choice (in the order of the data) as an answer; or of each candidate, minus those of the same
/// model with the audio left out of the prompt (unless there is no audio). `measures` count their
/// tokens, including the end marker: tokens_0, ... `value` is the text of the chosen choice.
///
/// The first prompts and replies are kept in prompts.txt.
class Answering {
 public:
  static earshot::OptionSchema options();
  /// @throws ConfigError if nothing would be asked of the model.
  explicit Answering(const earshot::Options& options);

  /// Returns early, after saving, if the trial asks it to stop.
  void run(earshot::Trial& trial, Model& model, const std::optional<earshot::State>& own) const;

  bool by_log_prob() const { return choose_ != "text"; }

 private:
  using Candidates = std::map<std::int64_t, std::vector<std::string>>;
  struct Batch;

  void answer(earshot::Trial& trial, Model& model, std::span<const std::int64_t> items,
              const Candidates& candidates, std::string* transcript) const;
  void say(Model& model, Batch& batch) const;
  void weigh(Model& model, Batch& batch, const Candidates& candidates) const;
  std::optional<earshot::Label> settle(const Format& format, const earshot::Item& item,
                                       const earshot::Prediction& prediction) const;

  std::string choose_, rank_within_;
  std::int64_t max_tokens_, distractors_, batch_;
};

/// The index of the highest of `scores`, the first of equal ones; with `tokens`, each is divided by
/// its count. Empty if there are no scores.
std::optional<std::size_t> likeliest(const std::vector<double>& scores,
                                     const earshot::Numbers& measures, bool by_token);

}  // namespace audio_qa
