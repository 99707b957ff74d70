#pragma once
#include <map>

#include "model.hpp"

namespace audio_qa {

/// Answers every test item once: what the model says, and how likely it finds choices (of questions
/// that have some) or candidates (of open ones).
///
/// Prediction::output is the text as it was said. `scores` are natural logarithms: of each choice
/// (in the order of the data) as an answer; of each candidate less those of the same model with the
/// audio left out of the prompt (not where there is none). `measures` count their tokens, end
/// marker included: tokens_0, ... `value` is the text of the choice that was settled on.
///
/// The first prompts and what was said are kept as prompts.txt.
class Answering {
 public:
  static earshot::OptionSchema options();
  /// @throws ConfigError when nothing would be asked of the model.
  explicit Answering(const earshot::Options& options);

  /// Returns early, having saved, when the trial asks it to stop.
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

/// Which of `scores` is highest, the first of several; with `tokens` each divided by its count.
/// Empty where there are none.
std::optional<std::size_t> likeliest(const std::vector<double>& scores,
                                     const earshot::Numbers& measures, bool by_token);

}  // namespace audio_qa
