#pragma once
#include <optional>
#include <unordered_map>

#include <lib/text/captions.hpp>

#include <earshot/evaluator.hpp>

#include "format.hpp"

namespace audio_qa {

/// The choice that a reply names, as numbered in the data: by its letter if letters are asked for,
/// otherwise by its text (rules `letter` and `choice_text` of lib/text/answers.hpp).
std::optional<std::int64_t> named_choice(const Format& format, const earshot::Item& item,
                                         const std::string& reply);

/// Turns the answers to an item into numbers: those of every rule that applies to its question, and
/// one of them as `accuracy`. Definitions: metrics() and lib/text/answers.hpp.
class Marks {
 public:
  struct Settings {
    std::string scorer = "auto";       ///< the rule whose number is `accuracy`
    std::string choice_rule = "text";  ///< auto with choices: "text", "log_prob", "log_prob_mean"
    bool said = true;                  ///< whether there are replies to judge
    bool blind = false;                ///< scores of candidates are not relative to a blind prompt
  };

  static earshot::OptionSpec scorer_option();
  static std::vector<earshot::MetricSpec> metrics();
  Marks(Settings settings, const Format& format);

  earshot::Numbers mark(const earshot::Item& item, const earshot::Prediction& prediction) const;
  /// For items whose slice `format` is "caption": BLEU, ROUGE-L and CIDEr-D, and the number of
  /// items.
  earshot::Numbers score(std::span<const earshot::Outcome> slice) const;

 private:
  void judge_reply(const earshot::Item& item, const earshot::Prediction& prediction,
                   earshot::Numbers& numbers) const;
  static void judge_scores(const earshot::Item& item, const earshot::Prediction& prediction,
                           bool blind, earshot::Numbers& numbers);
  /// Captions that have been scored, prepared once for all slices and resamples.
  struct Captions {
    earshot::kit::CaptionCorpus corpus{};
    std::unordered_map<std::string, std::pair<std::string, std::size_t>> numbers{};  ///< by item

    std::size_t number(const earshot::Item& item, const std::string& reply);
  };
  std::string primary(const earshot::Item& item, const earshot::Numbers& numbers) const;

  Settings settings_;
  Format format_;
  mutable Captions captions_{};
};

}  // namespace audio_qa
