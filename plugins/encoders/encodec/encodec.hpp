#pragma once
#include <lib/models/codec_learner.hpp>

#include <earshot/codec.hpp>
#include <earshot/options.hpp>
#include <earshot/sized.hpp>

#include "model.hpp"

namespace encodec {

/// Clips run alone or in a batch with others of the same length, so that padding affects no frame.
///
/// Features are on a grid of one frame per hop. If audio is coded in overlapping chunks (48 kHz),
/// which start at half frames, each position takes the frame of the last chunk that begins there or
/// earlier; it may be off by half a frame (1.7 ms at 48 kHz). Codes keep all frames of all chunks,
/// 151.5 per second, which the decoder needs.
///
/// As a Learner it trains encoder and decoder and the codebooks of its levels, those of levels that
/// the options leave out stay as they are.
class Encodec final : public earshot::Encoder,
                      public earshot::Codec,
                      public earshot::Sized,
                      public earshot::kit::CodecLearner {
 public:
  static earshot::OptionSchema options();
  Encodec(const earshot::Options& options, const earshot::Context& context);

  earshot::AudioNeeds needs() const override;
  earshot::FeatureSpec spec() const override;
  earshot::FeatureBatch encode(const earshot::AudioBatch& audio) override;

  earshot::CodeSpec code_spec() const override;
  earshot::CodeBatch quantize(const earshot::AudioBatch& audio) override;
  earshot::FeatureBatch embed(const earshot::CodeBatch& codes) override;
  earshot::AudioBatch decode(const earshot::CodeBatch& codes) override;

  std::int64_t parameter_count() const override { return model_.parameter_count(); }

  /// A checkpoint: all tensors of the model, and its config.json.
  earshot::State export_weights() const override;

 protected:
  earshot::kit::CodecParts parts() const override;
  at::Tensor quantised(const at::Tensor& audio, const Quantise& quantise) const override;
  at::Tensor reconstruct(const at::Tensor& audio, const Quantise& quantise) const override;

 private:
  std::int64_t chunk_frames() const;  ///< in a full chunk
  at::Tensor on_grid(const std::vector<at::Tensor>& chunks, std::int64_t samples) const;

  at::Tensor embedded(const at::Tensor& codes) const;  ///< from the first requested level on

  Model model_;
  bool random_;  ///< weights
  bool quantized_;
  std::int64_t first_level_, levels_;
};

}  // namespace encodec
