#pragma once
#include <vector>

#include <earshot/encoder.hpp>
#include <earshot/kit/log_mel.hpp>

namespace spectral {

/// The orthonormal DCT-II of log-mel frames, a range of its coefficients; optionally with the
/// zero-crossing rate. Piczak (2015), "ESC: Dataset for Environmental Sound Classification", and
/// its notebook: coefficients 1 to 12 and the zero-crossing rate, of 16-bit samples that are never
/// exactly zero.
class Mfcc final : public earshot::Encoder {
 public:
  static earshot::OptionSchema options();
  Mfcc(const earshot::Options& options, const earshot::Context& context);

  earshot::AudioNeeds needs() const override;
  earshot::FeatureSpec spec() const override;
  earshot::FeatureBatch encode(const earshot::AudioBatch& audio) override;

 private:
  void encode_clip(std::span<const float> samples, float* rows) const;

  earshot::kit::LogMel log_mel_;
  std::int64_t coefficients_;
  bool zero_crossings_, sixteen_bit_;
  at::Tensor transform_;  ///< float32 (mels, coefficients)
  c10::Device device_;
};

}  // namespace spectral
