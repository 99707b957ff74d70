#include <algorithm>
#include <cmath>
#include <numbers>

#include <c10/util/StringUtil.h>

#include <earshot/error.hpp>
#include <earshot/kit/mel.hpp>

#include "dot.hpp"

namespace earshot::kit {

namespace {

// Slaney's scale: 3 mel per 200 Hz up to 1 kHz (15 mel), then 27 mel per factor of 6.4.
constexpr double slaney_hz = 200.0 / 3, slaney_corner = 15;
const double slaney_step = std::log(6.4) / 27;

}  // namespace

double hz_to_mel(double hz, MelScale scale) {
  if (scale == MelScale::htk) return 2595 * std::log10(1 + hz / 700);
  if (hz < slaney_corner * slaney_hz) return hz / slaney_hz;
  return slaney_corner + std::log(hz / (slaney_corner * slaney_hz)) / slaney_step;
}

double mel_to_hz(double mel, MelScale scale) {
  if (scale == MelScale::htk) return 700 * (std::pow(10, mel / 2595) - 1);
  if (mel < slaney_corner) return mel * slaney_hz;
  return slaney_corner * slaney_hz * std::exp((mel - slaney_corner) * slaney_step);
}

MelFilters::MelFilters(const Options& options) : bins_(options.n_fft / 2 + 1) {
  const auto nyquist = static_cast<double>(options.sample_rate) / 2;
  const auto high = options.high == 0 ? nyquist : options.high;
  if (!(options.low >= 0 && options.low < high && high <= nyquist))
    throw ConfigError(c10::str("mel bands reach from ", options.low, " to ", high,
                               " Hz; allowed: 0 <= fmin < fmax <= ", nyquist,
                               " Hz, half the sample rate"));
  if (options.bands < 1)
    throw ConfigError(c10::str("mels is ", options.bands, "; allowed: 1 or more"));

  std::vector<double> edges(static_cast<std::size_t>(options.bands) + 2);  // Hz
  const auto low_mel = hz_to_mel(options.low, options.scale);
  const auto step =
      (hz_to_mel(high, options.scale) - low_mel) / static_cast<double>(options.bands + 1);
  for (std::size_t i = 0; i < edges.size(); ++i)
    edges[i] = mel_to_hz(low_mel + step * static_cast<double>(i), options.scale);

  for (std::size_t band = 0; band + 2 < edges.size(); ++band) {
    const auto left = edges[band], centre = edges[band + 1], right = edges[band + 2];
    Filter filter;
    for (std::int64_t bin = 0; bin < bins_; ++bin) {
      const auto hz =
          static_cast<double>(bin * options.sample_rate) / static_cast<double>(options.n_fft);
      auto weight = std::min((hz - left) / (centre - left), (right - hz) / (right - centre));
      if (weight <= 0) continue;
      if (options.area) weight *= 2 / (right - left);
      if (filter.weights.empty()) filter.first = bin;
      filter.weights.push_back(static_cast<float>(weight));
    }
    if (filter.weights.empty())
      throw ConfigError(c10::str("mel band ", band, " of ", options.bands, " (", left, " to ",
                                 right, " Hz) holds no frequency of a transform of n_fft = ",
                                 options.n_fft, "; use fewer mels or a longer n_fft"));
    filters_.push_back(std::move(filter));
  }
}

void MelFilters::apply(const float* spectra, std::int64_t rows, float* out) const {
  for (std::int64_t row = 0; row < rows; ++row, spectra += bins_)
    for (const auto& filter : filters_)
      *out++ = dot(spectra + filter.first, filter.weights.data(), filter.weights.size());
}

std::vector<double> MelFilters::dense() const {
  std::vector<double> matrix(filters_.size() * static_cast<std::size_t>(bins_));
  for (std::size_t band = 0; band < filters_.size(); ++band)
    std::copy(filters_[band].weights.begin(), filters_[band].weights.end(),
              matrix.begin() + static_cast<std::ptrdiff_t>(band) * bins_ + filters_[band].first);
  return matrix;
}

std::vector<double> dct(std::int64_t size, std::int64_t first, std::int64_t count) {
  std::vector<double> matrix;
  const auto n = static_cast<double>(size);
  for (std::int64_t k = first; k < first + count; ++k)
    for (std::int64_t i = 0; i < size; ++i)
      matrix.push_back(
          std::sqrt((k == 0 ? 1 : 2) / n) *
          std::cos(std::numbers::pi * static_cast<double>(k) * (static_cast<double>(i) + 0.5) / n));
  return matrix;
}

}  // namespace earshot::kit
