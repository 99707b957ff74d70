#include "convolution.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

namespace earshot::scenes {

namespace {

at::Tensor view(const Signal& signal) {
  return at::from_blob(const_cast<float*>(signal.data()),  // only read
                       {static_cast<std::int64_t>(signal.size())}, at::kFloat);
}

/// Gains (bands, bins) at the frequencies of an rfft of `points`.
at::Tensor band_gains(std::int64_t points) {
  const std::int64_t bins = points / 2 + 1;
  at::Tensor gains = at::zeros({static_cast<std::int64_t>(bands), bins});
  float* gain = gains.data_ptr<float>();
  for (std::int64_t k = 0; k < bins; ++k) {
    const double frequency =
        std::max(1.0, static_cast<double>(k) * rate / static_cast<double>(points));
    const double octave =
        std::clamp(std::log2(frequency / band_centres[0]), 0.0, double{bands - 1});
    const auto lower = std::min<std::int64_t>(static_cast<std::int64_t>(octave), bands - 2);
    const double upper_part =
        std::pow(std::sin(std::numbers::pi / 2 * (octave - static_cast<double>(lower))), 2);
    gain[lower * bins + k] = static_cast<float>(1 - upper_part);
    gain[(lower + 1) * bins + k] = static_cast<float>(upper_part);
  }
  return gains;
}

std::int64_t transform_size(std::size_t length) {
  // Twice the length, so that what the filters ring before the start does not wrap into the end.
  return static_cast<std::int64_t>(std::bit_ceil(2 * length));
}

}  // namespace

// Overlap-add, with all blocks as one batch: each row is transformed by itself, whatever the number
// of threads.
Signal convolve(const Signal& signal, const Signal& response, std::size_t length) {
  const auto points =
      static_cast<std::int64_t>(std::bit_ceil(std::max<std::size_t>(2 * response.size(), 1 << 13)));
  const std::int64_t step = points - static_cast<std::int64_t>(response.size()) + 1;
  const std::int64_t blocks = (static_cast<std::int64_t>(signal.size()) + step - 1) / step;
  at::Tensor padded = at::zeros({blocks * step});
  padded.narrow(0, 0, static_cast<std::int64_t>(signal.size())).copy_(view(signal));
  const at::Tensor spectrum =
      at::fft_rfft(padded.view({blocks, step}), points) * at::fft_rfft(view(response), points);
  const at::Tensor pieces = at::fft_irfft(spectrum, points).contiguous();

  Signal result(length, 0.0F);
  const float* piece = pieces.data_ptr<float>();
  for (std::int64_t block = 0; block < blocks; ++block) {
    const auto start = static_cast<std::size_t>(block * step);
    if (start >= length) break;
    const std::size_t count = std::min(static_cast<std::size_t>(points), length - start);
    for (std::size_t n = 0; n < count; ++n)
      result[start + n] += piece[static_cast<std::size_t>(block * points) + n];
  }
  return result;
}

std::array<Signal, bands> split_bands(const Signal& signal) {
  const std::int64_t points = transform_size(signal.size());
  const at::Tensor filtered =
      at::fft_irfft(at::fft_rfft(view(signal), points) * band_gains(points), points).contiguous();
  std::array<Signal, bands> parts;
  for (std::size_t band = 0; band < bands; ++band) {
    const float* row = filtered.data_ptr<float>() + static_cast<std::int64_t>(band) * points;
    parts[band].assign(row, row + signal.size());
  }
  return parts;
}

Signal join_bands(const std::array<Signal, bands>& parts) {
  const auto length = static_cast<std::int64_t>(parts[0].size());
  const std::int64_t points = transform_size(parts[0].size());
  at::Tensor stacked = at::zeros({static_cast<std::int64_t>(bands), length});
  for (std::size_t band = 0; band < bands; ++band)
    stacked[static_cast<std::int64_t>(band)].copy_(view(parts[band]));
  const at::Tensor sum = (at::fft_rfft(stacked, points) * band_gains(points)).sum(0);
  const at::Tensor joined = at::fft_irfft(sum, points).contiguous();
  return {joined.data_ptr<float>(), joined.data_ptr<float>() + length};
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
