#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <lib/models/swin.hpp>

#include <earshot/kit/checkpoint.hpp>

#include "architecture.hpp"
#include "clap_front_end.hpp"
#include "heads.hpp"

namespace htsat {

/// HTSAT (Chen et al. 2022, "HTS-AT: A Hierarchical Token-Semantic Audio Transformer for Sound
/// Classification and Detection"), as msclap, Mellow and transformers compute it.
///
/// Mel frames are (B, channels, T, mels): four channels in a fused model, otherwise one. T frames
/// are interpolated to the frames() of a picture unless they are already as many, and cut into
/// folds() stretches, which are stacked in a picture with time to the right and mel bands
/// downwards. So a token's time is its stretch, then its column; each stretch has its own rows for
/// frequencies.
class Model {
 public:
  Model(const Architecture& architecture, const earshot::kit::Checkpoint& checkpoint,
        c10::Device device);
  Model(const Architecture& architecture, std::uint64_t seed, c10::Device device);  ///< random

  const Architecture& architecture() const { return architecture_; }
  const earshot::kit::ClapFrontEnd& front_end() const { return front_end_; }  ///< on the CPU
  /// The mel filters of the checkpoint, (mels, bins); undefined if it has none.
  const at::Tensor& stored_filters() const { return stored_filters_; }

  /// By mel band; the same shape. With the running statistics, or in training with those of the
  /// batch.
  at::Tensor normalised(const at::Tensor& mels) const;
  at::Tensor picture(const at::Tensor& mels) const;  ///< (B, channels, rows, columns)
  /// Tokens of the first stage (B, rows * columns, width). For the clips in `longer`, the three
  /// channels after the first are used, too.
  at::Tensor tokens(const at::Tensor& picture, const std::vector<std::int64_t>& longer = {}) const;
  const earshot::kit::SwinStage& stage(std::int64_t number) const {
    return stages_.at(static_cast<std::size_t>(number));
  }
  at::Tensor normed(const at::Tensor& tokens) const;  ///< LayerNorm after the last stage
  /// Tokens of a stage on a time axis: (B, width, rows of a stretch, steps(stage)).
  at::Tensor grouped(const at::Tensor& tokens, std::int64_t stage_number) const;

  /// From mels to the output of stage `number`, before merging.
  at::Tensor stage_output(const at::Tensor& mels, std::int64_t number,
                          const std::vector<std::int64_t>& longer = {}) const;
  /// From mels to the tokens of the last stage, normed: the 8 x 8 grid.
  at::Tensor grid(const at::Tensor& mels, const std::vector<std::int64_t>& longer = {}) const;
  /// The mean over frequencies: (B, steps(stage), width).
  at::Tensor frames(const at::Tensor& tokens, std::int64_t stage_number) const {
    return grouped(tokens, stage_number).mean(2).transpose(1, 2);
  }
  /// Logits of the classes from the grid: (B, steps, classes).
  at::Tensor logits(const at::Tensor& grid) const;

  /// For clips with more frames than a picture, msclap takes windows of 689 frames that begin every
  /// 344 frames, and averages their outputs. The starts of these; {0} for fewer frames.
  std::vector<std::int64_t> window_starts(std::int64_t mel_frames) const;
  static constexpr std::int64_t window_frames = 689;

  /// Weights and running statistics by their names in checkpoints, not copied. After a change, or
  /// where gradients should reach them, tabulate() before the next call.
  const std::map<std::string, at::Tensor>& parameters() const { return parameters_.tensors(); }
  void tabulate();
  void train(bool on) { training_ = on; }
  bool training() const { return training_; }
  bool classifies() const { return classifier_.defined(); }
  const std::optional<Projection>& projection() const { return projection_; }
  /// Whether there is Mellow's c2l, from class probabilities back to the width of the tower.
  bool relays() const { return relay_.defined(); }
  at::Tensor relayed(const at::Tensor& posterior) const;

 private:
  Model(const Architecture& architecture, earshot::kit::Parameters parameters,
        earshot::kit::ClapFrontEnd front_end);

  Architecture architecture_;
  earshot::kit::Parameters parameters_;
  earshot::kit::ClapFrontEnd front_end_;
  at::Tensor stored_filters_{};
  bool training_ = false;
  at::Tensor mel_weight_, mel_bias_, mel_mean_, mel_variance_;
  at::Tensor patch_, patch_bias_, patch_norm_{}, patch_norm_bias_{};
  at::Tensor part_patch_{}, part_patch_bias_{};
  std::optional<Fusion> fusion_{};
  std::vector<earshot::kit::SwinStage> stages_{};
  at::Tensor norm_, norm_bias_;
  at::Tensor classifier_{}, classifier_bias_{}, relay_{}, relay_bias_{};
  std::optional<Projection> projection_{};
};

}  // namespace htsat
