#include "log_mel.hpp"

namespace spectral {

LogMelEncoder::LogMelEncoder(const earshot::Options& options, const earshot::Context& context)
    : log_mel_(earshot::kit::log_mel_options(options)), device_(context.device) {}

earshot::AudioNeeds LogMelEncoder::needs() const {
  return {.sample_rate = log_mel_.options().sample_rate};
}

earshot::FeatureBatch LogMelEncoder::encode(const earshot::AudioBatch& audio) {
  return earshot::kit::encode_clips(
      audio, spec(), device_, [&](std::int64_t samples) { return log_mel_.frames(samples); },
      [&](std::span<const float> samples, float* rows) { log_mel_.compute(samples, rows); });
}

}  // namespace spectral
