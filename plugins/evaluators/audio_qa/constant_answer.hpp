#pragma once
#include <map>

#include <earshot/evaluator.hpp>

#include "marks.hpp"

namespace audio_qa {

/// Answers without a model, marked like those of audio_qa: what a dataset reveals by itself.
///
///   chance    a draw among the choices; its accuracy is the expected one
///   majority  the answer most frequent in training among items of the same slice, of those on
///             offer; of equally frequent ones the first in the alphabet. Where none of an item's
///             choices was ever right, its first choice
///   option    choice number `option`, counted from 1; an item with fewer choices gets no answer
///   longest   the choice with most characters, the first of several
///
/// Only majority answers open questions; with the other rules they have no numbers.
class ConstantAnswer final : public earshot::Evaluator {
 public:
  static earshot::OptionSchema options();
  ConstantAnswer(const earshot::Options& options, const earshot::Context& context);

  earshot::Uses uses() const override { return {.seed = false}; }
  std::vector<earshot::MetricSpec> metrics() const override { return Marks::metrics(); }
  void fit(earshot::Trial& trial) override;
  void predict(earshot::Trial& trial) override;
  earshot::Numbers mark(const earshot::Item& item,
                        const earshot::Prediction& prediction) const override;
  earshot::Numbers score(std::span<const earshot::Outcome> slice) const override;
  earshot::State state() const override;
  void load_state(const earshot::State& state) override;

 private:
  using Counts = std::map<std::string, std::int64_t>;

  std::string answer(const earshot::Item& item) const;
  std::string majority(const earshot::Item& item) const;
  std::string slice_of(const earshot::Item& item) const;

  std::string rule_, within_;
  std::int64_t option_;
  std::map<std::string, Counts> counts_;  ///< of answers, by slice
  Marks marks_;
};

}  // namespace audio_qa
