#pragma once
#include <optional>

#include <earshot/learner.hpp>

namespace earshot::kit {

/// What follows a learner's one vector per clip while it is trained: a linear layer for the labels,
/// one for the teacher, and the losses.
///
/// A model may have layers of its own for the labels; then loss() is given their outputs.
///
///   classes  cross entropy of the softmax, or the mean of each class's binary cross entropy where
///            a clip may have several; parts `cross_entropy` and, of the softmax, `accuracy`
///   values   squared error, the mean over values; part `squared_error`
///   teacher  squared error from the mean over the teacher's valid frames, the mean over its width;
///            part `teacher_error`
///
/// With classes or values and a teacher, the total is the sum of both. Losses are float32 means
/// over clips.
class ClipHeads {
 public:
  /// Draws weights as PyTorch's Linear does, +-1 / sqrt(width), from LibTorch's default generator.
  /// @param labels  whether there is a layer for the labels; false: the model has one
  /// @throws Unsupported for other goals; ConfigError for fewer classes than can be told apart, no
  /// values or no teacher.
  ClipHeads(const Objective& objective, std::int64_t width, c10::Device device, bool labels = true);

  /// head.weight (K, width), head.bias (K), teacher.weight (D, width), teacher.bias (D), as far as
  /// the objective has them: leaves that require gradients.
  const NamedTensors& parameters() const { return parameters_; }

  /// @param vectors  (B, width), of the clips of `batch`
  /// @param outputs  (B, K) for the labels, if the model has a layer for these
  /// @throws ContractError if targets or teacher are missing or of another shape.
  Losses loss(const at::Tensor& vectors, const LearnerBatch& batch,
              const at::Tensor& outputs = {}) const;

 private:
  struct Linear {
    at::Tensor weight{}, bias{};
    at::Tensor operator()(const at::Tensor& x) const;
  };
  Linear linear(const std::string& name, std::int64_t in, std::int64_t out, c10::Device device);
  at::Tensor label_loss(const at::Tensor& outputs, const at::Tensor& targets, Losses& losses) const;

  Objective objective_;
  NamedTensors parameters_{};
  std::optional<Linear> head_{}, teacher_{};
};

}  // namespace earshot::kit
