#include "convolution.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "fourier.hpp"

namespace earshot::scenes {

namespace {

/// Gains of all bands at the frequencies of a transform of `points`.
std::array<Signal, bands> band_gains(std::size_t points) {
  std::array<Signal, bands> gains;
  gains.fill(Signal(points, 0.0F));
  for (std::size_t k = 0; k < points; ++k) {
    const auto folded = static_cast<double>(std::min(k, points - k));
    const double frequency = std::max(1.0, folded * rate / static_cast<double>(points));
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

/// `signal` from sample `first` on, in the real part (or the imaginary one) of a block.
void fill(const Signal& signal, std::size_t first, std::size_t count, Signal& part) {
  if (first >= signal.size()) return;
  const auto from = signal.begin() + static_cast<std::ptrdiff_t>(first);
  std::copy_n(from, std::min(count, signal.size() - first), part.begin());
}

}  // namespace

// Overlap-add. Two blocks at a time, as real and imaginary part: the response is real and keeps
// them apart.
Signal convolve(const Signal& signal, const Signal& response, std::size_t length) {
  const std::size_t points = std::bit_ceil(std::max<std::size_t>(2 * response.size(), 1 << 13));
  const std::size_t step = points - response.size() + 1;
  Complex filter(points);
  fill(response, 0, response.size(), filter.real);
  transform(filter);

  Signal result(length, 0.0F);
  const auto add = [&](const Signal& piece, std::size_t start) {
    for (std::size_t n = 0; n < points && start + n < length; ++n)
      result[start + n] += piece[n];
  };
  for (std::size_t start = 0; start < std::min(length, signal.size()); start += 2 * step) {
    Complex block(points);
    fill(signal, start, step, block.real);
    fill(signal, start + step, step, block.imaginary);
    transform(block);
    for (std::size_t k = 0; k < points; ++k) {
      const float real = block.real[k], imaginary = block.imaginary[k];
      block.real[k] = real * filter.real[k] - imaginary * filter.imaginary[k];
      block.imaginary[k] = real * filter.imaginary[k] + imaginary * filter.real[k];
    }
    transform_back(block);
    add(block.real, start);
    add(block.imaginary, start + step);
  }
  return result;
}

std::array<Signal, bands> split_bands(const Signal& signal) {
  const std::size_t points = std::bit_ceil(signal.size());
  const auto gains = band_gains(points);
  Complex spectrum(points);
  fill(signal, 0, signal.size(), spectrum.real);
  transform(spectrum);
  std::array<Signal, bands> parts;
  for (std::size_t band = 0; band < bands; band += 2) {  // two at a time, as in convolve()
    Complex both(points);
    for (std::size_t k = 0; k < points; ++k) {
      const float first = gains[band][k], second = gains[band + 1][k];
      both.real[k] = spectrum.real[k] * first - spectrum.imaginary[k] * second;
      both.imaginary[k] = spectrum.real[k] * second + spectrum.imaginary[k] * first;
    }
    transform_back(both);
    parts[band] = std::move(both.real);
    parts[band + 1] = std::move(both.imaginary);
    parts[band].resize(signal.size());
    parts[band + 1].resize(signal.size());
  }
  return parts;
}

Signal join_bands(const std::array<Signal, bands>& parts) {
  const std::size_t length = parts[0].size();
  // Twice the length, so that what the filters ring before the start does not wrap into the end.
  const std::size_t points = std::bit_ceil(2 * length);
  const auto gains = band_gains(points);
  Complex sum(points);
  for (std::size_t band = 0; band < bands; ++band) {
    Complex spectrum(points);
    fill(parts[band], 0, length, spectrum.real);
    transform(spectrum);
    for (std::size_t k = 0; k < points; ++k) {
      sum.real[k] += gains[band][k] * spectrum.real[k];
      sum.imaginary[k] += gains[band][k] * spectrum.imaginary[k];
    }
  }
  transform_back(sum);
  sum.real.resize(length);
  return std::move(sum.real);
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
