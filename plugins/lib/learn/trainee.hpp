#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include <lib/learn/share.hpp>

#include <earshot/learner.hpp>

namespace earshot::kit {

/// The loss of a batch as a sum, so that several batches are added exactly: the loss of all of them
/// is the sum of `sum` over the sum of `weight`.
struct LossSum {
  at::Tensor sum{};           ///< float32 scalar, differentiable in the group's parameters
  double weight = 0;          ///< how many terms it has (tokens, clips), more than 0
  NamedTensors parts{};       ///< detached scalars for the curves: means over the same terms
  std::int64_t examples = 0;  ///< items in the batch
};

/// What a TrainingLoop trains: a language model with its mapper, or an encoder that is a Learner.
/// Only loss() is called in gradient mode.
class Trainee {
 public:
  virtual ~Trainee() = default;

  /// The groups of parameters that take turns within a step, as in Learner::groups().
  virtual std::vector<ParameterGroup> groups() const = 0;
  virtual void train(bool on) = 0;

  /// All that a step changes besides optimisers, for the best and the averaged state.
  virtual State state() const = 0;
  virtual void load_state(const State& state) = 0;
  /// The part of it that Trial::save() does not keep, by names without the prefixes `optimiser/`,
  /// `best/`, `average/` and `loop/`. Default: nothing.
  virtual State unsaved() const { return {}; }

  /// Several processes train the same: loss() is of this share of each batch from now on, and draws
  /// for it what it would draw for the whole batch. Called before the first loss(), with the share
  /// of a single process too.
  /// Default: @throws Unsupported if there are several.
  virtual void share(const Share& share);

  /// The loss of the group whose turn it is on batch `number` of the training, which is the same
  /// for all groups: turn.step times the batches of a step, plus turn.part. LibTorch's generator is
  /// seeded for the step.
  virtual LossSum loss(const Turn& turn, std::int64_t number) = 0;

  /// As Learner::step_sums(): called after the last group of each step; what several processes give
  /// is added up in place before finish_step(). Default: none.
  virtual std::vector<at::Tensor> step_sums() { return {}; }

  /// Upkeep after the optimisers of a step, without gradients; LibTorch's generator is seeded anew,
  /// equally in all processes. Default: nothing.
  virtual void finish_step(std::int64_t step);

  /// The items of Split::validation on which a loss can be measured.
  virtual std::vector<std::int64_t> validation_items() const = 0;
  /// The losses of all groups on some of them, switched to train(false) and without gradients.
  /// LibTorch's generator is seeded equally for each validation. The first one is that of the
  /// model, by which the best state is chosen.
  virtual std::vector<LossSum> validation_losses(std::span<const std::int64_t> items) = 0;
  /// The state that has just been validated, and is loaded, is the one to keep so far: the time to
  /// show its results. Default: nothing.
  virtual void show_best(std::int64_t step);
};

}  // namespace earshot::kit
