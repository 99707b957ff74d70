#pragma once
#include <earshot/kit/log_mel.hpp>

namespace spectral {

/// The orthonormal DCT-II of log-mel frames, a range of its coefficients; optionally with the
/// zero-crossing rate. Piczak (2015), "ESC: Dataset for Environmental Sound Classification", and
/// its notebook: coefficients 1 to 12 and the zero-crossing rate, of 16-bit samples that are never
/// exactly zero.
class Mfcc final : public earshot::kit::LogMelBased {
 public:
  static earshot::OptionSchema options();
  Mfcc(const earshot::Options& options, const earshot::Context& context);

 private:
  void encode_clip(std::span<const float> samples, float* rows) const override;

  std::int64_t coefficients_;
  bool zero_crossings_, sixteen_bit_;
  at::Tensor transform_;  ///< float32 (mels, coefficients)
};

}  // namespace spectral
