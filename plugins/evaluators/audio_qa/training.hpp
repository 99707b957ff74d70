#pragma once
#include <optional>

#include <lib/learn/optimiser.hpp>

#include "model.hpp"
#include "order.hpp"

namespace audio_qa {

/// Trains a model on the answers of Split::train: cross-entropy on answer tokens only, the mean
/// over all tokens of a step's batches. On Split::validation it measures the same loss every
/// `validate_every` steps, and keeps the best state; without validation items, the last.
///
/// Curves: train_loss (the mean since the previous point), validation_loss, learning_rate,
/// gradient_norm, examples_per_second.
class Training {
 public:
  /// Its options, including those of the optimiser.
  static earshot::OptionSchema options();
  static std::vector<earshot::MetricSpec> metrics();
  explicit Training(const earshot::Options& options);

  /// @param own  the trial's resume(); the model is in the state of that moment. Returns early,
  /// after saving, if the trial asks it to stop.
  /// @throws ConfigError if the loss or its gradient becomes NaN or infinite.
  void run(earshot::Trial& trial, Model& model, const std::optional<earshot::State>& own) const;

 private:
  class Run;

  earshot::Options options_;
  std::int64_t max_steps_, accumulate_, validate_every_, validation_items_, patience_, save_every_,
      log_every_;
  BatchOrder::Settings batches_;
  std::string balance_;
  bool report_speed_;
};

}  // namespace audio_qa
