#pragma once
#include <optional>

#include <lib/learn/optimiser.hpp>

#include "model.hpp"
#include "order.hpp"

namespace audio_qa {

/// Trains a model on the answers of Split::train: cross-entropy on answer tokens only, the mean
/// over all tokens of a step's batches. On Split::validation it measures the same loss every
/// `validate_every` steps, and keeps the state that was best; without validation items, the last.
///
/// Curves: train_loss (the mean since the point before), validation_loss, learning_rate,
/// gradient_norm, examples_per_second.
class Training {
 public:
  /// Its options, the optimiser's among them.
  static earshot::OptionSchema options();
  static std::vector<earshot::MetricSpec> metrics();
  explicit Training(const earshot::Options& options);

  /// @param own  what resume() of the trial gave; the model is in the state of that moment.
  /// Returns early, having saved, when the trial asks it to stop.
  /// @throws ConfigError when the loss or its gradient is no number any more.
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
