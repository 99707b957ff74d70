#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>

#include <ATen/ATen.h>
#include <c10/util/StringUtil.h>

#include <earshot/error.hpp>
#include <earshot/kit/mel.hpp>

#include "dot.hpp"

namespace earshot::kit {

namespace {

// Slaney's scale: 3 mel per 200 Hz up to 1 kHz (15 mel), then 27 mel per factor of 6.4.
constexpr double slaney_hz = 200.0 / 3, slaney_corner = 15;
const double slaney_step = std::log(6.4) / 27;

/// The edges of all triangles in Hz.
std::vector<double> edges(const MelFilters::Options& options, double high) {
  std::vector<double> result(static_cast<std::size_t>(options.bands) + 2);
  const auto low_mel = hz_to_mel(options.low, options.scale);
  const auto step =
      (hz_to_mel(high, options.scale) - low_mel) / static_cast<double>(options.bands + 1);
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = mel_to_hz(low_mel + step * static_cast<double>(i), options.scale);
  return result;
}

/// The same, by the steps of torchaudio.functional.melscale_fbanks.
std::vector<float> single_edges(const MelFilters::Options& options, double high) {
  const auto mel = at::linspace(hz_to_mel(options.low, options.scale),
                                hz_to_mel(high, options.scale), options.bands + 2, at::kFloat);
  const auto hz =
      options.scale == MelScale::htk
          ? (at::pow(10.0, mel / 2595.0) - 1.0) * 700.0
          : at::where(mel < slaney_corner, mel * slaney_hz,
                      ((mel - slaney_corner) * slaney_step).exp() * (slaney_corner * slaney_hz));
  return {hz.const_data_ptr<float>(), hz.const_data_ptr<float>() + hz.numel()};
}

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
    throw ConfigError(c10::str("mel bands range from ", options.low, " to ", high,
                               " Hz; allowed: 0 <= fmin < fmax <= ", nyquist,
                               " Hz, half the sample rate"));
  if (options.bands < 1)
    throw ConfigError(c10::str("mels is ", options.bands, "; allowed: 1 or more"));

  if (options.single)
    triangles(single_edges(options, high), options);
  else
    triangles(edges(options, high), options);
}

template <class Number>
void MelFilters::triangles(const std::vector<Number>& edges, const Options& options) {
  for (std::size_t band = 0; band + 2 < edges.size(); ++band) {
    const auto left = edges[band], centre = edges[band + 1], right = edges[band + 2];
    Filter filter;
    for (std::int64_t bin = 0; bin < bins_; ++bin) {
      const auto hz = static_cast<Number>(static_cast<double>(bin * options.sample_rate) /
                                          static_cast<double>(options.n_fft));
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

MelFilters::MelFilters(std::int64_t bands, std::int64_t bins, std::span<const float> weights)
    : bins_(bins) {
  for (std::int64_t band = 0; band < bands; ++band) {
    const auto row = weights.subspan(static_cast<std::size_t>(band * bins))
                         .first(static_cast<std::size_t>(bins));
    const auto is_weight = [](float weight) { return weight != 0; };
    const auto first = std::find_if(row.begin(), row.end(), is_weight);
    const auto last = std::find_if(row.rbegin(), std::make_reverse_iterator(first), is_weight);
    filters_.push_back({.first = first - row.begin(), .weights = {first, last.base()}});
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
