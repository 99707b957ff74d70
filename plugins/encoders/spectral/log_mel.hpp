#pragma once
#include <earshot/kit/log_mel.hpp>

namespace spectral {

/// Log-mel frames; all kit::LogMelOptions are options.
class LogMelEncoder final : public earshot::kit::LogMelBased {
 public:
  static earshot::OptionSchema options() { return earshot::kit::log_mel_schema(); }
  LogMelEncoder(const earshot::Options& options, const earshot::Context& context)
      : LogMelBased(earshot::kit::log_mel_options(options), options.integer("mels"), context) {}

 private:
  void encode_clip(std::span<const float> samples, float* rows) const override {
    log_mel().compute(samples, rows);
  }
};

}  // namespace spectral
