#include "intelligibility.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

namespace reconstruction {

namespace {

constexpr std::int64_t rate = 10000, frame = 256, hop = frame / 2, transform = 512;
constexpr std::int64_t bands = 15, segment = 30;  // frames
constexpr double lowest_centre = 150;             // Hz
constexpr double dynamic_range = 40, clip = 15;   // dB
constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr std::int64_t segments_at_once = 4096;  // 15 MiB

/// Modified Bessel function of the first kind and order 0, by its series.
double bessel_i0(double x) {
  double sum = 1, term = 1;
  for (int k = 1; term > epsilon * sum; ++k) {
    term *= (x / (2 * k)) * (x / (2 * k));
    sum += term;
  }
  return sum;
}

/// The filter that Octave's resample() designs for changing the rate by up / down: an odd number of
/// taps with the sum 1.
std::vector<double> octave_filter(std::int64_t up, std::int64_t down) {
  constexpr double rejection = 60;  // dB
  const double stop = 1 / (2.0 * static_cast<double>(std::max(up, down)));
  const double roll_off = stop / 10;
  const auto half = static_cast<std::int64_t>(std::ceil((rejection - 8) / (28.714 * roll_off)));
  const double beta = 0.1102 * (rejection - 8.7);
  std::vector<double> taps;
  for (auto t = -half; t <= half; ++t) {
    const double place = static_cast<double>(t) / static_cast<double>(half);
    const double x = 2 * stop * std::numbers::pi * static_cast<double>(t);
    taps.push_back((t == 0 ? 1 : std::sin(x) / x) *
                   bessel_i0(beta * std::sqrt(std::max(0.0, 1 - place * place))));
  }
  const double sum = std::accumulate(taps.begin(), taps.end(), 0.0);
  for (auto& tap : taps)
    tap /= sum;
  return taps;
}

/// Resampled to 10 kHz.
at::Tensor resampled(const at::Tensor& signal, std::int64_t from) {
  if (from == rate) return signal;
  const auto common = std::gcd(from, rate);
  const auto up = rate / common, down = from / common;
  const auto filter = octave_filter(up, down);
  const auto half = static_cast<std::int64_t>(filter.size() / 2), length = signal.size(0);
  const auto input = signal.contiguous();
  const auto* x = input.const_data_ptr<double>();
  auto output = at::empty({(length * up + down - 1) / down}, at::kDouble);
  auto* out = output.mutable_data_ptr<double>();
  for (std::int64_t k = 0; k < output.size(0); ++k) {
    const auto centre = k * down;  // at the common rate, where x[n] is at n * up
    const auto first = std::max<std::int64_t>(0, (centre - half + up - 1) / up);
    const auto last = std::min(length - 1, (centre + half) / up);
    double sum = 0;
    for (auto n = first; n <= last; ++n)
      sum += x[n] * filter[static_cast<std::size_t>(centre - n * up + half)];
    out[k] = static_cast<double>(up) * sum;
  }
  return output;
}

/// Windowed frames; one that would end exactly at the end of the signal is left out.
at::Tensor framed(const at::Tensor& signal) {
  const auto count = (signal.size(0) - frame + hop - 1) / hop;
  const auto window = at::hann_window(frame + 1, at::kDouble).narrow(0, 1, frame);
  return signal.unfold(0, frame, hop).narrow(0, 0, count) * window;
}

at::Tensor overlap_add(const at::Tensor& frames) {
  const auto halves = frames.view({-1, 2, hop});
  auto sum = at::zeros({frames.size(0) + 1, hop}, at::kDouble);
  sum.narrow(0, 0, frames.size(0)).add_(halves.select(1, 0));
  sum.narrow(0, 1, frames.size(0)).add_(halves.select(1, 1));
  return sum.flatten();
}

/// The bins of each third-octave band: (bands, bins).
at::Tensor octave_bands() {
  auto matrix = at::zeros({bands, transform / 2 + 1}, at::kDouble);
  const auto nearest_bin = [](double hz) {
    constexpr double width = static_cast<double>(rate) / transform;
    // Of two at the same distance, the lower one.
    return static_cast<std::int64_t>(std::ceil(hz / width - 0.5));
  };
  for (std::int64_t band = 0; band < bands; ++band) {
    const auto edge = [&](double sixths) {
      return nearest_bin(lowest_centre * std::pow(2, (2 * static_cast<double>(band) + sixths) / 6));
    };
    matrix[band].narrow(0, edge(-1), edge(1) - edge(-1)).fill_(1);
  }
  return matrix;
}

/// (bands, segments, frames of a segment)
at::Tensor segments(const at::Tensor& signal) {
  static const auto matrix = octave_bands();
  const auto spectra = at::fft_rfft(framed(signal), transform).abs().square();
  return at::matmul(matrix, spectra.t()).sqrt().unfold(1, segment, 1);
}

at::Tensor norm(const at::Tensor& x, std::int64_t axis) {
  return x.norm(2, {axis}, /*keepdim=*/true);
}

/// Subtracts the mean and scales to norm 1 along an axis.
at::Tensor normalised(const at::Tensor& x, std::int64_t axis) {
  const auto centred = x - x.mean(axis, /*keepdim=*/true);
  return centred / (norm(centred, axis) + epsilon);
}

/// Sums over all segments of x and y.
Intelligibility sums(const at::Tensor& x, const at::Tensor& y) {
  const double limit = 1 + std::pow(10, clip / 20);
  const auto levelled = y * (norm(x, 2) / (norm(y, 2) + epsilon));
  const auto clipped = at::minimum(levelled, x * limit);
  const auto by_band = normalised(x, 2) * normalised(clipped, 2);
  const auto by_frame = normalised(normalised(x, 2), 0) * normalised(normalised(y, 2), 0);
  return {by_band.sum().item<double>() / bands, by_frame.sum().item<double>() / segment};
}

}  // namespace

std::optional<Intelligibility> intelligibility(const at::Tensor& original, const at::Tensor& copy,
                                               std::int64_t sample_rate) {
  const auto x = resampled(original, sample_rate);
  if (x.size(0) <= frame) return std::nullopt;
  const auto frames = framed(x);
  const auto levels = 20 * (frames.norm(2, {1}) + epsilon).log10();
  const auto loudest = levels.max().item<double>();
  if (frames.abs().max().item<double>() == 0) return std::nullopt;
  const auto heard = (levels > loudest - dynamic_range).nonzero().flatten();
  if (heard.size(0) <= segment) return std::nullopt;  // the last frame is dropped
  const auto kept = [&](const at::Tensor& all) {
    return segments(overlap_add(all.index_select(0, heard)));
  };
  const auto x_segments = kept(frames), y_segments = kept(framed(resampled(copy, sample_rate)));
  const auto count = x_segments.size(1);
  Intelligibility total;
  for (std::int64_t first = 0; first < count; first += segments_at_once) {
    const auto size = std::min(segments_at_once, count - first);
    const auto part = sums(x_segments.narrow(1, first, size), y_segments.narrow(1, first, size));
    total.stoi += part.stoi;
    total.estoi += part.estoi;
  }
  return Intelligibility{total.stoi / static_cast<double>(count),
                         total.estoi / static_cast<double>(count)};
}

}  // namespace reconstruction
