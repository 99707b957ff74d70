#include "convolution.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "fourier.hpp"

namespace earshot::scenes {

namespace {

/// Gains of all bands at the bins of a transform.
std::array<Signal, bands> band_gains(const Fourier& fourier) {
  std::array<Signal, bands> gains;
  gains.fill(Signal(fourier.bins(), 0.0F));
  for (std::size_t k = 0; k < fourier.bins(); ++k) {
    const double frequency =
        std::max(1.0, static_cast<double>(k) * rate / static_cast<double>(fourier.points()));
    const double octave =
        std::clamp(std::log2(frequency / band_centres[0]), 0.0, double{bands - 1});
    const auto lower = std::min(static_cast<std::size_t>(octave), bands - 2);
    const double upper_part =
        std::pow(std::sin(std::numbers::pi / 2 * (octave - static_cast<double>(lower))), 2);
    gains[lower][k] = static_cast<float>(1 - upper_part);
    gains[lower + 1][k] = static_cast<float>(upper_part);
  }
  return gains;
}

}  // namespace

// Overlap-add.
Signal convolve(const Signal& signal, const Signal& response, std::size_t length) {
  Fourier fourier(std::bit_ceil(std::max<std::size_t>(2 * response.size(), 1 << 13)));
  const std::size_t step = fourier.points() - response.size() + 1;
  const Spectrum filter = fourier.forward(response);
  Signal result(length, 0.0F);
  for (std::size_t start = 0; start < std::min(length, signal.size()); start += step) {
    const auto end =
        signal.begin() + static_cast<std::ptrdiff_t>(std::min(start + step, signal.size()));
    Spectrum block = fourier.forward({signal.begin() + static_cast<std::ptrdiff_t>(start), end});
    for (std::size_t k = 0; k < block.size(); ++k)
      block[k] *= filter[k];
    const Signal piece = fourier.back(block);
    for (std::size_t n = 0; n < std::min(piece.size(), length - start); ++n)
      result[start + n] += piece[n];
  }
  return result;
}

std::array<Signal, bands> split_bands(const Signal& signal) {
  Fourier fourier(std::bit_ceil(std::max<std::size_t>(signal.size(), 2)));
  const auto gains = band_gains(fourier);
  const Spectrum spectrum = fourier.forward(signal);
  std::array<Signal, bands> parts;
  for (std::size_t band = 0; band < bands; ++band) {
    Spectrum part = spectrum;
    for (std::size_t k = 0; k < part.size(); ++k)
      part[k] *= gains[band][k];
    parts[band] = fourier.back(part);
    parts[band].resize(signal.size());
  }
  return parts;
}

Signal join_bands(const std::array<Signal, bands>& parts) {
  const std::size_t length = parts[0].size();
  // Twice the length, so that the filters' ringing before the start does not wrap into the end.
  Fourier fourier(std::bit_ceil(2 * length));
  const auto gains = band_gains(fourier);
  Spectrum sum(fourier.bins());
  for (std::size_t band = 0; band < bands; ++band) {
    const Spectrum part = fourier.forward(parts[band]);
    for (std::size_t k = 0; k < sum.size(); ++k)
      sum[k] += gains[band][k] * part[k];
  }
  Signal joined = fourier.back(sum);
  joined.resize(length);
  return joined;
}

Signal raise_rate(const Signal& signal, std::int64_t factor) {
  if (factor == 1) return signal;
  constexpr double cut = 7550, beta = 9;
  const std::int64_t half = 96 * factor;
  Signal kernel(static_cast<std::size_t>(2 * half + 1));
  for (std::int64_t n = -half; n <= half; ++n) {
    const double x = static_cast<double>(n), ratio = x / static_cast<double>(half);
    const double window =
        std::cyl_bessel_i(0.0, beta * std::sqrt(1 - ratio * ratio)) / std::cyl_bessel_i(0.0, beta);
    const double angle = 2 * std::numbers::pi * cut / (rate * static_cast<double>(factor)) * x;
    kernel[static_cast<std::size_t>(n + half)] =
        static_cast<float>(window * 2 * cut / rate * (n == 0 ? 1 : std::sin(angle) / angle));
  }
  const std::size_t delay = static_cast<std::size_t>(half);
  const std::size_t length = signal.size() * static_cast<std::size_t>(factor);
  Signal spread(length, 0.0F);
  for (std::size_t n = 0; n < signal.size(); ++n)
    spread[n * static_cast<std::size_t>(factor)] = signal[n];
  const Signal late = convolve(spread, kernel, length + delay);
  return {late.begin() + static_cast<std::ptrdiff_t>(delay), late.end()};
}

}  // namespace earshot::scenes
