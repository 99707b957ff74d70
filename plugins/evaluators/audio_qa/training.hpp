#pragma once
#include <optional>

#include <lib/learn/training_loop.hpp>

#include "model.hpp"

namespace audio_qa {

/// Trains a model on the answers of Split::train: cross-entropy on answer tokens only, the mean
/// over all tokens of a step's batches. Everything else is the training loop's.
class Training {
 public:
  /// Its options, including those of the loop.
  static earshot::OptionSchema options();
  static std::vector<earshot::MetricSpec> metrics();
  explicit Training(const earshot::Options& options);

  /// @param own  the trial's resume(); the model is in the state of that moment. Returns early,
  /// after saving, if the trial asks it to stop.
  /// @throws ConfigError if the loss or its gradient becomes NaN or infinite.
  void run(earshot::Trial& trial, Model& model, const std::optional<earshot::State>& own) const;

 private:
  class Course;

  earshot::kit::TrainingLoop loop_;
  std::int64_t bucket_;
  std::string balance_;
  bool report_speed_;
};

}  // namespace audio_qa
