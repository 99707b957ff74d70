#pragma once
#include <lib/learn/training_loop.hpp>

#include <earshot/evaluator.hpp>

namespace representation {

/// Trains the cell's encoder, which is a Learner, on Split::train: from audio, or a Reader from
/// what it reads. It predicts nothing: other tasks judge the features. As the trainer of a
/// pretraining it leaves the encoder's state; as a task of its own it reports how well it was
/// learnt.
class Representation final : public earshot::Evaluator {
 public:
  static earshot::OptionSchema options();
  Representation(const earshot::Options& options, const earshot::Context& context);

  earshot::Uses uses() const override;
  std::vector<earshot::MetricSpec> metrics() const override;
  void fit(earshot::Trial& trial) override;

 private:
  earshot::Objective::Goal goal_;
  std::string target_;
  bool standardise_;
  double crop_seconds_;
  std::int64_t samples_;
  earshot::kit::TrainingLoop loop_;
};

}  // namespace representation
