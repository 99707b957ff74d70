#pragma once
#include <earshot/evaluator.hpp>

#include "answering.hpp"
#include "marks.hpp"
#include "training.hpp"

namespace audio_qa {

/// Audio question answering: an item's audio goes through the mapper into the language model's
/// prompt, with its question as text, and the model generates the answer. fit() trains mapper,
/// language model (its parameters()) and prefix once for all categories; predict() answers each
/// test item once; everything else is computed from those answers.
class AudioQa final : public earshot::Evaluator {
 public:
  static earshot::OptionSchema options();
  AudioQa(const earshot::Options& options, const earshot::Context& context);

  earshot::Uses uses() const override;
  std::vector<earshot::MetricSpec> metrics() const override;
  void fit(earshot::Trial& trial) override;
  void predict(earshot::Trial& trial) override;
  earshot::Numbers mark(const earshot::Item& item,
                        const earshot::Prediction& prediction) const override;
  earshot::Numbers score(std::span<const earshot::Outcome> slice) const override;
  earshot::State state() const override;
  void load_state(const earshot::State& state) override;

 private:
  std::filesystem::path checkpoint_;
  Inputs inputs_;
  Format format_;
  Training training_;
  Answering answering_;
  Marks marks_;
};

}  // namespace audio_qa
