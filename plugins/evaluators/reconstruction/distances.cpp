#include "distances.hpp"

#include <cmath>
#include <functional>

#include <ATen/ATen.h>

#include <earshot/kit/mel.hpp>
#include <earshot/kit/spectrogram.hpp>

namespace reconstruction {

namespace {

constexpr double least_magnitude = 1e-5;
constexpr std::int64_t frames_at_once = 512;  // 8 MiB of spectra of 2048 samples

/// The signal, extended by `size / 2` mirrored samples at each end.
at::Tensor mirrored(const at::Tensor& signal, std::int64_t size) {
  const auto half = size / 2, length = signal.size(0);
  auto places = at::empty({length + 2 * half}, at::kLong);
  auto* place = places.mutable_data_ptr<std::int64_t>();
  for (std::int64_t n = -half; n < length + half; ++n)
    *place++ = earshot::kit::reflected(n, length);
  return signal.index_select(0, places);
}

/// Sums over the bins of all frames, from which means are computed.
struct Sums {
  double magnitude = 0, logarithm = 0;
  std::int64_t count = 0;

  void add(const at::Tensor& x, const at::Tensor& y, const at::Tensor& log_difference) {
    magnitude += (x - y).abs().sum().item<double>();
    logarithm += log_difference.abs().sum().item<double>();
    count += x.numel();
  }
  double distance() const { return (magnitude + logarithm) / static_cast<double>(count); }
};

/// log10 x^2 - log10 y^2
at::Tensor log_difference(const at::Tensor& x, const at::Tensor& y) {
  return 2 * (x.clamp_min(least_magnitude).log10() - y.clamp_min(least_magnitude).log10());
}

}  // namespace

std::optional<double> si_sdr(const at::Tensor& original, const at::Tensor& copy) {
  const auto s = original - original.mean(), x = copy - copy.mean();
  const auto target = s * (s.dot(x) / s.dot(s));
  const auto rest = x - target;
  const auto ratio =
      10 * std::log10(target.dot(target).item<double>() / rest.dot(rest).item<double>());
  return std::isfinite(ratio) ? std::optional(ratio) : std::nullopt;
}

SpectralComparison::SpectralComparison(std::int64_t sample_rate) {
  for (const auto& [size, bands] : {std::pair{2048, 150}, {512, 80}}) {
    const earshot::kit::MelFilters filters(
        {.sample_rate = sample_rate, .n_fft = size, .bands = bands});
    auto mel = at::tensor(filters.dense(), at::kDouble).view({filters.bands(), filters.bins()});
    resolutions_.push_back({.size = size,
                            .window = at::tensor(earshot::kit::hann(size), at::kDouble),
                            .mel = mel.t()});
  }
}

SpectralDistances SpectralComparison::operator()(const at::Tensor& original,
                                                 const at::Tensor& copy) const {
  SpectralDistances result;
  for (const auto& resolution : resolutions_) {
    const auto size = resolution.size;
    const auto frames = [&](const at::Tensor& signal) {
      return mirrored(signal, size).unfold(0, size, size / 4);
    };
    const auto all_x = frames(original), all_y = frames(copy);
    const auto spectra = [&](const at::Tensor& all, std::int64_t first, std::int64_t count) {
      return at::fft_rfft(all.narrow(0, first, count) * resolution.window).abs();
    };
    Sums linear, mel;
    double roots = 0, mel_squares = 0;
    for (std::int64_t first = 0; first < all_x.size(0); first += frames_at_once) {
      const auto count = std::min(frames_at_once, all_x.size(0) - first);
      const auto x = spectra(all_x, first, count), y = spectra(all_y, first, count);
      const auto difference = log_difference(x, y);
      linear.add(x, y, difference);
      const auto mel_x = x.mm(resolution.mel), mel_y = y.mm(resolution.mel);
      const auto mel_difference = log_difference(mel_x, mel_y);
      mel.add(mel_x, mel_y, mel_difference);
      mel_squares += (10 * mel_difference).square().sum().item<double>();
      roots += (10 * difference).square().mean(1).sqrt().sum().item<double>();
    }
    result.stft += linear.distance();
    result.mel += mel.distance();
    if (size != resolutions_.front().size) continue;
    result.log_spectral = roots / static_cast<double>(all_x.size(0));
    result.log_mel_mae = 10 * mel.logarithm / static_cast<double>(mel.count);
    result.log_mel_mse = mel_squares / static_cast<double>(mel.count);
  }
  return result;
}

}  // namespace reconstruction
