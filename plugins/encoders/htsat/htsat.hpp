#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>

#include <lib/models/clip_heads.hpp>

#include <earshot/learner.hpp>
#include <earshot/options.hpp>
#include <earshot/sized.hpp>

#include "model.hpp"
#include "picture_decoder.hpp"

namespace htsat {

/// Features with a time axis cover a clip picture by picture, each of the model's clip length;
/// features per clip come from one picture, or from the model's treatment of longer clips. Pictures
/// are computed separately, so that a clip never depends on the others in its batch.
///
/// As a Learner it trains the layers that its features come from: by a linear head on the mean of
/// the features of each clip, or, to reconstruct, by a linear layer that gives back the picture
/// from their tokens, in units of the norm of the mel bands. The norm of the mel bands uses the
/// statistics of the batch meanwhile.
class Htsat final : public earshot::Encoder, public earshot::Sized, public earshot::Learner {
 public:
  static earshot::OptionSchema options();
  Htsat(const earshot::Options& options, const earshot::Context& context);

  earshot::AudioNeeds needs() const override;
  earshot::FeatureSpec spec() const override;
  earshot::FeatureBatch encode(const earshot::AudioBatch& audio) override;
  std::int64_t parameter_count() const override;

  // --- Learner.
  void prepare(const earshot::Objective& objective) override;
  earshot::NamedTensors parameters() const override;
  void train(bool on) override;
  earshot::Losses loss(const earshot::LearnerBatch& batch, const earshot::Turn& turn) override;
  std::vector<at::Tensor> step_sums() override;
  void finish_step(std::int64_t step) override;
  earshot::State state() const override;
  void load_state(const earshot::State& state) override;
  /// The whole model by the names of msclap's checkpoints. config.json has the size of the picture,
  /// which no tensor tells.
  earshot::State export_weights() const override;

 private:
  /// Where features are taken from.
  struct Tap {
    enum class Kind { stage, frames, posterior, mellow, grid, pooled, embedding } kind;
    std::int64_t stage = 0;
    bool of_clip() const {
      return kind == Kind::grid || kind == Kind::pooled || kind == Kind::embedding;
    }
  };
  static Tap tap_from(const std::string& name);
  void check_tap(const std::string& name) const;

  bool learns_and_runs(const std::string& parameter) const;
  std::int64_t steps() const;  ///< frames of one picture
  earshot::FeatureBatch frames_of(const earshot::AudioBatch& audio) const;
  earshot::FeatureBatch clips_of(const earshot::AudioBatch& audio) const;
  at::Tensor picture_features(const at::Tensor& mels) const;  ///< (B, 1, T, mels) to (B, steps, D)
  at::Tensor clip_features(std::span<const float> samples) const;  ///< (1, D)
  void each(std::int64_t count, const std::function<void(std::int64_t)>& work) const;
  at::Tensor pictures_of(const earshot::AudioBatch& audio) const;  ///< mels (B, 1, T, mels)
  at::Tensor clip_vectors(const at::Tensor& mels) const;           ///< (B, D), differentiable
  at::Tensor tokens(const at::Tensor& mels) const;  ///< of last_stage(), differentiable
  void prepare_reconstruction(const earshot::Objective& objective);
  std::int64_t last_stage() const;       ///< whose tokens features are made of
  earshot::NamedTensors stored() const;  ///< parameters() and running statistics

  c10::Device device_;
  Model model_;
  Tap tap_;
  std::int64_t sample_rate_, clip_samples_;
  // One of both, once it is prepared.
  std::optional<earshot::kit::ClipHeads> heads_{};
  std::optional<PictureDecoder> decoder_{};
  /// float64 (3, mels), of this step: number, sum and sum of squares of the values of each band.
  at::Tensor mel_sums_{};
};

}  // namespace htsat
