#include "mfcc.hpp"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

namespace spectral {

namespace {

using earshot::ConfigError;

/// Scales 16-bit samples as Piczak does: (i + 0.5) / 32767.5. Digital silence becomes a small
/// constant, so that a sign is always +1 or -1.
std::vector<float> sixteen_bit(std::span<const float> samples) {
  std::vector<float> result(samples.size());
  std::transform(samples.begin(), samples.end(), result.begin(), [](float sample) {
    const auto step =
        std::clamp(std::nearbyint(static_cast<double>(sample) * 32768), -32768.0, 32767.0);
    return static_cast<float>((step + 0.5) / 32767.5);
  });
  return result;
}

int sign(float value) {
  return (value > 0) - (value < 0);
}

/// Mean over a frame of half the absolute change of sign between samples; 0 with fewer than two
/// samples.
float zero_crossing_rate(std::span<const float> frame) {
  if (frame.size() < 2) return 0;
  int changes = 0;
  for (std::size_t i = 1; i < frame.size(); ++i)
    changes += std::abs(sign(frame[i]) - sign(frame[i - 1]));
  return static_cast<float>(0.5 * changes / static_cast<double>(frame.size() - 1));
}

}  // namespace

earshot::OptionSchema Mfcc::options() {
  auto schema = earshot::kit::log_mel_schema();
  schema.push_back({.name = "first",
                    .value = std::int64_t{0},
                    .help = "First coefficient; 0 is the level, 1 leaves it out",
                    .min = 0});
  schema.push_back(
      {.name = "count", .value = std::int64_t{20}, .help = "Number of coefficients", .min = 1});
  schema.push_back({.name = "zero_crossings",
                    .value = false,
                    .help = "Append the zero-crossing rate of samples t * hop to (t + 1) * hop"});
  schema.push_back({.name = "sixteen_bit",
                    .value = false,
                    .help = "Round samples to 16 bits and read them as (i + 0.5) / 32767.5"});
  return schema;
}

Mfcc::Mfcc(const earshot::Options& options, const earshot::Context& context)
    : LogMelBased(earshot::kit::log_mel_options(options),
                  options.integer("count") + (options.flag("zero_crossings") ? 1 : 0), context),
      coefficients_(options.integer("count")),
      zero_crossings_(options.flag("zero_crossings")),
      sixteen_bit_(options.flag("sixteen_bit")) {
  const auto first = options.integer("first"), mels = log_mel().options().mels;
  if (first + coefficients_ > mels)
    throw ConfigError("coefficients " + std::to_string(first) + " to " +
                      std::to_string(first + coefficients_ - 1) + " are requested from " +
                      std::to_string(mels) + " mels; allowed: 0 to " + std::to_string(mels - 1) +
                      ". Lower first or count, or raise mels");
  const auto rows = earshot::kit::dct(mels, first, coefficients_);
  transform_ = at::tensor(rows).view({coefficients_, mels}).t().to(at::kFloat).contiguous();
}

void Mfcc::encode_clip(std::span<const float> given, float* rows) const {
  std::vector<float> rounded;
  if (sixteen_bit_) rounded = sixteen_bit(given);
  const auto samples = sixteen_bit_ ? std::span<const float>(rounded) : given;
  const auto mels = mel_frames(samples);
  const auto frames = mels.size(0);
  const auto dim = spec().dim;
  auto out = at::from_blob(rows, {frames, dim}, at::kFloat);
  out.narrow(1, 0, coefficients_).copy_(at::mm(mels, transform_));
  if (!zero_crossings_) return;
  const auto hop = static_cast<std::size_t>(log_mel().options().spectrogram.hop);
  for (std::int64_t t = 0; t < frames; ++t) {
    const auto start = std::min(static_cast<std::size_t>(t) * hop, samples.size());
    const auto frame = samples.subspan(start, std::min(hop, samples.size() - start));
    rows[t * dim + coefficients_] = zero_crossing_rate(frame);
  }
}

}  // namespace spectral
