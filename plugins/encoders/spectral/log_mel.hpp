#pragma once
#include <earshot/encoder.hpp>
#include <earshot/kit/log_mel.hpp>

namespace spectral {

/// Log-mel frames; every option of kit::LogMelOptions is the user's.
class LogMelEncoder final : public earshot::Encoder {
 public:
  static earshot::OptionSchema options() { return earshot::kit::log_mel_schema(); }
  LogMelEncoder(const earshot::Options& options, const earshot::Context& context);

  earshot::AudioNeeds needs() const override;
  earshot::FeatureSpec spec() const override { return log_mel_.spec(); }
  earshot::FeatureBatch encode(const earshot::AudioBatch& audio) override;

 private:
  earshot::kit::LogMel log_mel_;
  c10::Device device_;
};

}  // namespace spectral
