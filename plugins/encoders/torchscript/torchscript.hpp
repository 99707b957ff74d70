#pragma once
#include <optional>

#include <lib/models/clip_heads.hpp>

#include <earshot/learner.hpp>
#include <earshot/options.hpp>
#include <earshot/sized.hpp>

#include "declaration.hpp"
#include "module.hpp"

namespace torchscript {

/// Clips run alone or in a batch with others of the same length, so that padding affects no frame.
/// The output is compared with the declaration.
///
/// As a Learner it trains all parameters of the model, by a linear head on the mean of the frames
/// of each clip.
class TorchScript final : public earshot::Encoder, public earshot::Sized, public earshot::Learner {
 public:
  static earshot::OptionSchema options();
  TorchScript(const earshot::Options& options, const earshot::Context& context);

  earshot::AudioNeeds needs() const override;
  earshot::FeatureSpec spec() const override { return spec_; }
  earshot::FeatureBatch encode(const earshot::AudioBatch& audio) override;
  std::int64_t parameter_count() const override { return module_.parameter_count(); }

  // --- Learner.
  void prepare(const earshot::Objective& objective) override;
  earshot::NamedTensors parameters() const override;
  void train(bool on) override { module_.train(on); }
  earshot::Losses loss(const earshot::LearnerBatch& batch, const earshot::Turn& turn) override;
  earshot::State state() const override;
  void load_state(const earshot::State& state) override;
  /// @throws Unsupported: tensors alone are no program.
  earshot::State export_weights() const override;

 private:
  at::Tensor run(const at::Tensor& clips);                    ///< (B, C, N) to (B, T, D)
  at::Tensor clip_vectors(const earshot::AudioBatch& audio);  ///< (B, D), differentiable
  at::Tensor as_frames(const at::Tensor& out) const;          ///< from any layout to (B, T, D)
  earshot::NamedTensors stored() const;                       ///< parameters() and buffers
  [[noreturn]] void refuse(const std::string& what) const;

  std::filesystem::path file_;
  c10::Device device_;
  Module module_;
  Declaration declared_;
  std::int64_t most_clips_;
  earshot::FeatureSpec spec_;
  std::optional<earshot::kit::ClipHeads> heads_{};  ///< once it is prepared
};

}  // namespace torchscript
