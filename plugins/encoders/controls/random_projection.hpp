#pragma once
#include <earshot/kit/log_mel.hpp>

namespace controls {

/// f(x W + b) of log-mel frames x, with W and b drawn once from the option `seed` and never
/// trained: what the shape of a layer achieves without learning. Decibels, within 80 of the clip's
/// maximum, are scaled to about unit size by (dB + 40) / 20; W has variance 1 / mels and b variance
/// 1.
class RandomProjection final : public earshot::kit::LogMelBased {
 public:
  static earshot::OptionSchema options();
  RandomProjection(const earshot::Options& options, const earshot::Context& context);

 private:
  void encode_clip(std::span<const float> samples, float* rows) const override;

  bool relu_;
  at::Tensor weight_, bias_;  ///< float32 (mels, dim), (dim)
};

}  // namespace controls
