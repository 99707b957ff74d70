#pragma once
#include <earshot/encoder.hpp>
#include <earshot/options.hpp>

namespace controls {

/// Three numbers per clip: level (RMS) and peak in dB relative to full scale, not below -120, and
/// the crest factor, their difference, in dB. Whatever a probe achieves with these does not require
/// listening.
class LevelOnly final : public earshot::Encoder {
 public:
  static earshot::OptionSchema options();
  LevelOnly(const earshot::Options& options, const earshot::Context& context);

  earshot::AudioNeeds needs() const override { return {.sample_rate = sample_rate_}; }
  earshot::FeatureSpec spec() const override { return {.dim = 3}; }
  earshot::FeatureBatch encode(const earshot::AudioBatch& audio) override;

 private:
  std::int64_t sample_rate_;
  c10::Device device_;
};

}  // namespace controls
