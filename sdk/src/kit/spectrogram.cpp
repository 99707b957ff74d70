#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include <earshot/error.hpp>
#include <earshot/kit/parallel.hpp>
#include <earshot/kit/spectrogram.hpp>

namespace earshot::kit {

namespace {

constexpr std::int64_t block_samples = 1 << 18;  // 1 MiB of frames at a time: stays in the cache

}  // namespace

std::vector<double> hann(std::int64_t length) {
  std::vector<double> window(static_cast<std::size_t>(length));
  for (std::size_t n = 0; n < window.size(); ++n)
    window[n] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(n) /
                                     static_cast<double>(length));
  return window;
}

std::int64_t reflected(std::int64_t index, std::int64_t length) {
  if (length == 1) return 0;
  const auto period = 2 * (length - 1);
  const auto place = ((index % period) + period) % period;
  return place < length ? place : period - place;
}

Spectrogram::Spectrogram(const SpectrogramOptions& options) : options_(options) {
  if (options.n_fft < 2 || options.window < 1 || options.window > options.n_fft)
    throw ConfigError("window is " + std::to_string(options.window) + " samples; allowed: 1 to " +
                      "n_fft, which is " + std::to_string(options.n_fft));
  if (options.hop < 1)
    throw ConfigError("hop is " + std::to_string(options.hop) + " samples; allowed: 1 or more");
  if (options.power != 1 && options.power != 2)
    throw ConfigError("power is " + std::to_string(options.power) + "; allowed: 1 or 2");
  window_.assign(static_cast<std::size_t>(options.n_fft), 0.0F);
  const auto window = hann(options.window);
  std::transform(window.begin(), window.end(),
                 window_.begin() + (options.n_fft - options.window) / 2,
                 [](double value) { return static_cast<float>(value); });
}

std::int64_t Spectrogram::frames(std::int64_t samples) const {
  if (options_.centre) return 1 + samples / options_.hop;
  return std::max<std::int64_t>(1, (samples + options_.hop - 1) / options_.hop);
}

double Spectrogram::first_centre() const {
  return options_.centre ? 0 : static_cast<double>(options_.n_fft) / 2;
}

void Spectrogram::fill(std::span<const float> samples, std::int64_t frame, float* out) const {
  const auto length = static_cast<std::int64_t>(samples.size());
  const auto start = frame * options_.hop - (options_.centre ? options_.n_fft / 2 : 0);
  if (start >= 0 && start + options_.n_fft <= length) {
    const auto* in = samples.data() + start;
    for (std::int64_t n = 0; n < options_.n_fft; ++n)
      out[n] = in[n] * window_[static_cast<std::size_t>(n)];
    return;
  }
  const bool mirror = options_.centre && options_.reflect;
  for (std::int64_t n = 0; n < options_.n_fft; ++n) {
    auto index = start + n;
    if (mirror) index = reflected(index, length);
    const bool inside = index >= 0 && index < length;
    out[n] = inside
                 ? samples[static_cast<std::size_t>(index)] * window_[static_cast<std::size_t>(n)]
                 : 0.0F;
  }
}

void Spectrogram::compute(std::span<const float> samples, const Take& take) const {
  const auto total = frames(static_cast<std::int64_t>(samples.size()));
  const auto block = std::clamp<std::int64_t>(block_samples / options_.n_fft, 1, total);
  each_on_one_thread((total + block - 1) / block, [&](std::int64_t which) {
    const auto first = which * block, count = std::min(block, total - first);
    const auto framed = at::empty({count, options_.n_fft}, at::kFloat);
    for (std::int64_t k = 0; k < count; ++k)
      fill(samples, first + k, framed.mutable_data_ptr<float>() + k * options_.n_fft);
    const auto spectrum = at::fft_rfft(framed);
    const auto* complex = spectrum.const_data_ptr<c10::complex<float>>();
    std::vector<float> values(static_cast<std::size_t>(count * bins()));
    std::transform(complex, complex + values.size(), values.begin(), [&](auto value) {
      const auto power = value.real() * value.real() + value.imag() * value.imag();
      return options_.power == 1 ? std::sqrt(power) : power;
    });
    take(first, count, values.data());
  });
}

}  // namespace earshot::kit
