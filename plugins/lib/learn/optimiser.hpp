#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <lib/learn/schedule.hpp>

#include <earshot/component.hpp>
#include <earshot/options.hpp>

// What a training loop does between two batches. Gradients are LibTorch's: the loop calls
// backward() as often as it likes (accumulation), then step(). The same parameters, gradients and
// state give the same bits; a loop that saves the state, and seeds each step from its number,
// continues as if it had never stopped.

namespace earshot::kit {

/// Decoupled weight decay (Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization"),
/// with the same operations as torch.optim.AdamW (2.x, amsgrad off, foreach off).
class AdamW {
 public:
  struct Settings {
    double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0.01;
    /// False: Adam (Kingma and Ba 2015) as torch.optim.Adam has it, where the decay is part of the
    /// gradient.
    bool decoupled = true;
  };

  /// @param parameters  leaves, of any floating type and device; names need to be unique only for
  /// save()
  explicit AdamW(NamedTensors parameters);
  AdamW(NamedTensors parameters, const Settings& settings);

  /// One update from the gradients of the parameters. A parameter without a gradient is unchanged,
  /// including its own step count.
  void step(double learning_rate);

  /// Clears all gradients.
  void zero_gradients();

  const NamedTensors& parameters() const { return parameters_; }

  /// Both moments of each parameter (`mean/<name>`, `square/<name>`) and the step counts (`steps`),
  /// each prefixed with `prefix`.
  void save(State& state, const std::string& prefix) const;
  /// @throws DataError naming what is missing or has another shape.
  void load(const State& state, const std::string& prefix);

 private:
  NamedTensors parameters_;
  Settings settings_;
  std::vector<at::Tensor> mean_, square_;  ///< moving averages of the gradient and its square
  std::vector<std::int64_t> steps_;
};

/// Norm of all gradients together, float64; 0 if there are none.
double gradient_norm(const NamedTensors& parameters);

/// Scales the gradients so that their norm is at most `max_norm`, by max_norm / (norm + 1e-6) as in
/// torch.nn.utils.clip_grad_norm_. @returns the norm before; if it is not finite, nothing is
/// changed.
double clip_gradients(const NamedTensors& parameters, double max_norm);

/// AdamW or Adam, clipping and schedule from an evaluator's options: `optimiser`, `lr`,
/// `weight_decay`, `betas`, `clip` and those of Schedule.
class Optimiser {
 public:
  static OptionSchema options();

  /// @param steps  of the whole training, for the schedule
  Optimiser(NamedTensors parameters, const Options& options, std::int64_t steps);

  /// One update from accumulated gradients, which are multiplied by `scale`, clipped, applied and
  /// cleared. The first call is step 0.
  /// @returns the norm of the scaled gradients; if it is not finite, nothing was updated.
  double step(double scale = 1);

  void zero_gradients() { adam_.zero_gradients(); }

  double learning_rate() const;                 ///< of the next step
  std::int64_t steps() const { return step_; }  ///< done so far

  void save(State& state, const std::string& prefix) const;
  void load(const State& state, const std::string& prefix);  ///< @throws DataError

 private:
  AdamW adam_;
  Schedule schedule_;
  double learning_rate_, clip_;
  std::int64_t step_ = 0;
};

}  // namespace earshot::kit
