#pragma once
#include <lib/models/codec_learner.hpp>

#include <earshot/codec.hpp>
#include <earshot/options.hpp>
#include <earshot/sized.hpp>

#include "model.hpp"

namespace mimi {

/// Clips run alone or in a batch with others of the same length, so that padding affects no frame.
///
/// As a Learner it trains encoder and decoder and the codebooks of its levels; those of levels that
/// the options leave out stay as they are. A teacher teaches the semantic levels.
class Mimi final : public earshot::Encoder,
                   public earshot::Codec,
                   public earshot::Sized,
                   public earshot::kit::CodecLearner {
 public:
  static earshot::OptionSchema options();
  Mimi(const earshot::Options& options, const earshot::Context& context);

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
  /// Where features are taken from.
  enum class Tap { seanet, transformer, pre_quant, quantized };
  static Tap tap_from(const std::string& name);
  at::Tensor latents(const at::Tensor& clips) const;   ///< (B, width, T)
  at::Tensor features(const at::Tensor& clips) const;  ///< (B, T, width)
  at::Tensor embedded(const at::Tensor& codes) const;  ///< (B, T, width), from the first level on
  earshot::FeatureSpec grid(std::int64_t hop) const;

  Model model_;
  bool random_;  ///< weights
  Tap tap_;
  std::int64_t first_level_, levels_;
};

}  // namespace mimi
