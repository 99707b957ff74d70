#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <earshot/component.hpp>
#include <earshot/options.hpp>

// What a training loop does between two batches. Gradients are those of LibTorch: the loop calls
// backward() as often as it likes (accumulation), then step(). With the same parameters, gradients
// and state the results have the same bits; a loop that saves the state, and seeds each step from
// its number, goes on as if it had never stopped.

namespace earshot::kit {

/// Decoupled weight decay (Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization"),
/// operation by operation as torch.optim.AdamW computes it (2.x, amsgrad off, foreach off).
class AdamW {
 public:
  struct Settings {
    double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0.01;
  };

  /// @param parameters  leaves, of any floating type and device; names need be unique only to
  /// save()
  explicit AdamW(NamedTensors parameters);
  AdamW(NamedTensors parameters, const Settings& settings);

  /// One update from the gradients that lie in the parameters. A parameter without a gradient stays
  /// as it is, and its own count of steps too.
  void step(double learning_rate);

  /// Forgets all gradients.
  void zero_gradients();

  const NamedTensors& parameters() const { return parameters_; }

  /// Both moments of each parameter (`mean/<name>`, `square/<name>`) and the counts of steps
  /// (`steps`), each with `prefix` in front.
  void save(State& state, const std::string& prefix) const;
  /// @throws DataError naming what is missing or of another shape.
  void load(const State& state, const std::string& prefix);

 private:
  NamedTensors parameters_;
  Settings settings_;
  std::vector<at::Tensor> mean_, square_;  ///< moving averages of the gradient and its square
  std::vector<std::int64_t> steps_;
};

/// Norm of all gradients together, float64; 0 where there is none.
double gradient_norm(const NamedTensors& parameters);

/// Scales the gradients so that their norm is at most `max_norm`, by max_norm / (norm + 1e-6) as
/// torch.nn.utils.clip_grad_norm_ does. @returns the norm before; not finite: nothing is changed.
double clip_gradients(const NamedTensors& parameters, double max_norm);

/// How the learning rate goes over the steps 0, 1, ..., as transformers' get_*_schedule_with_warmup
/// compute it.
struct Schedule {
  enum class Shape { constant, linear, cosine };
  Shape shape = Shape::constant;
  std::int64_t warm_up = 0;  ///< steps over which it rises from 0, linearly
  std::int64_t steps = 0;    ///< after so many, warm-up included, linear and cosine are at 0

  /// What the learning rate of a step is multiplied by, 0 to 1.
  double factor(std::int64_t step) const;
};

/// AdamW, clipping and schedule as an evaluator's options name them: `lr`, `weight_decay`, `betas`,
/// `schedule`, `warm_up` and `clip`.
class Optimiser {
 public:
  static OptionSchema options();

  /// @param steps  of the whole training, for the schedule
  Optimiser(NamedTensors parameters, const Options& options, std::int64_t steps);

  /// One update from accumulated gradients, which are multiplied by `scale` before they are clipped
  /// and are forgotten afterwards. The first call is step 0.
  /// @returns the norm of the scaled gradients; when it is not finite nothing has been updated.
  double step(double scale = 1);

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
