#include "level_only.hpp"

#include <algorithm>
#include <cmath>

#include <earshot/kit/log_mel.hpp>

namespace controls {

namespace {

void levels(std::span<const float> samples, float* out) {
  double sum = 0, peak = 0;
  for (const double sample : samples) {
    sum += sample * sample;
    peak = std::max(peak, std::abs(sample));
  }
  const auto decibel = [](double amplitude) { return 20 * std::log10(std::max(amplitude, 1e-6)); };
  const auto level = decibel(std::sqrt(sum / static_cast<double>(samples.size())));
  out[0] = static_cast<float>(level);
  out[1] = static_cast<float>(decibel(peak));
  out[2] = static_cast<float>(decibel(peak) - level);
}

}  // namespace

earshot::OptionSchema LevelOnly::options() {
  return {{.name = "sample_rate",
           .value = std::int64_t{32000},
           .help = "Sample rate to which audio is converted",
           .unit = "Hz",
           .min = 1000,
           .max = 384000}};
}

LevelOnly::LevelOnly(const earshot::Options& options, const earshot::Context& context)
    : sample_rate_(options.integer("sample_rate")), device_(context.device) {}

earshot::FeatureBatch LevelOnly::encode(const earshot::AudioBatch& audio) {
  return earshot::kit::encode_clips(
      audio, spec(), device_, [](std::int64_t) { return std::int64_t{1}; }, levels);
}

}  // namespace controls
