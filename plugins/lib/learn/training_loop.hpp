#pragma once
#include <optional>

#include <lib/learn/communicator.hpp>
#include <lib/learn/trainee.hpp>

#include <earshot/trial.hpp>

namespace earshot::kit {

/// Trains by gradient descent: accumulated batches, the groups of parameters in turn, validation,
/// and checkpoints from which a training resumes with the same bits.
///
/// A step seeds LibTorch's generator from its number. For each group in turn it adds up the losses
/// of its batches and divides the gradient by the sum of their weights, clips it, and calls the
/// group's optimiser; gradients that reach other groups are dropped. Then come finish_step() and
/// the moving average of the weights.
///
/// With the option `processes`, several processes do the same at the same time, each on its share
/// of every batch, and add up losses, weights and gradients, so that the steps are those of one
/// process except for rounding, and for what a loss draws at random or takes from the batch as a
/// whole (batch norm, entropies). The first process validates, records and saves; the others begin
/// with its state, and end with the one that it keeps.
///
/// Curves: train_loss and train_<part> (means since the previous point), gradient_norm (of the last
/// step), learning_rate (of the next), validation_loss, validation_<part>, steps_per_second and
/// examples_per_second (of training so far, without validation). With several groups:
/// train_<group>_loss, train_<group>_<part>, gradient_norm_<group>, and validation likewise; the
/// first group's loss decides which state is the best.
class TrainingLoop {
 public:
  /// Its options, including those of the optimiser.
  static OptionSchema options();
  /// @throws ConfigError, also for several processes if the build has no gloo
  explicit TrainingLoop(const Options& options);

  std::int64_t batch_size() const { return batch_size_; }
  std::int64_t max_steps() const { return max_steps_; }

  struct Outcome {
    std::int64_t steps = 0;                   ///< after which training ended
    std::int64_t parameters = 0;              ///< numbers trained
    std::optional<double> train_loss{};       ///< of the first group at the last step
    std::optional<double> validation_loss{};  ///< of the state kept; none was measured otherwise
    std::int64_t validation_items = 0;        ///< it was measured on
    double seconds = 0;                       ///< of training, without validation
    double examples = 0;                      ///< trained on in this time
  };

  /// Trains, and leaves the trainee switched to inference with the state to keep. Several processes
  /// meet as rendezvous_for() says.
  /// @param own  the trial's resume(), of which the trainee has loaded its part.
  /// @returns nothing if the trial asked to stop; then the state is saved.
  /// @throws ConfigError if a loss or gradient becomes NaN or infinite; DataError if `own` lacks
  /// something, or if only the first process was asked to stop; as Communicator does.
  std::optional<Outcome> run(Trial& trial, Trainee& trainee, const std::optional<State>& own) const;
  /// The same in processes that have met.
  std::optional<Outcome> run(Trial& trial, Trainee& trainee, const std::optional<State>& own,
                             const Communicator& processes) const;

 private:
  class Run;

  Options options_;
  std::int64_t batch_size_, accumulate_, processes_, max_steps_, validate_every_, validation_items_,
      patience_, save_every_, log_every_;
  bool keeps_best_, bf16_;
  double ema_;
};

}  // namespace earshot::kit
