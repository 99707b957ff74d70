#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include <lib/models/convolution.hpp>
#include <lib/models/spectral_losses.hpp>

#include <earshot/kit/mel.hpp>
#include <earshot/kit/spectrogram.hpp>

namespace earshot::kit {

namespace {

at::Tensor hann_window(std::int64_t length, c10::Device device) {
  return at::tensor(hann(length), at::kFloat).to(device);
}

/// Bands for windows of n_fft samples: 5 for 32, in proportion; fewer if the lowest one, which is
/// the narrowest, would end below the first frequency above 0, as at 48 kHz.
std::int64_t bands_for(std::int64_t n_fft, std::int64_t sample_rate) {
  const auto rate = static_cast<double>(sample_rate);
  const auto highest = hz_to_mel(rate / 2, MelScale::slaney);
  const auto lowest = hz_to_mel(rate / static_cast<double>(n_fft), MelScale::slaney);
  // The lowest of b bands ends at 2 highest / (b + 1).
  const auto most = static_cast<std::int64_t>(std::ceil(2 * highest / lowest)) - 2;
  return std::min(5 * n_fft / 32, most);
}

}  // namespace

at::Tensor spectra(const at::Tensor& signals, const at::Tensor& window, std::int64_t n_fft,
                   std::int64_t hop) {
  const auto before = (n_fft - window.size(0)) / 2, after = n_fft - window.size(0) - before;
  const auto whole = at::constant_pad_nd(window, {before, after});
  const auto lacking = std::max<std::int64_t>(0, n_fft - signals.size(1));
  const auto x = lacking > 0 ? at::constant_pad_nd(signals, {0, lacking}) : signals;
  return at::fft_rfft(x.unfold(1, n_fft, hop) * whole);
}

LogMelMagnitudes::LogMelMagnitudes(const Options& options, c10::Device device)
    : options_(options), window_(hann_window(options.n_fft, device)) {
  const MelFilters filters({.sample_rate = options.sample_rate,
                            .n_fft = options.n_fft,
                            .bands = options.bands,
                            .low = options.low,
                            .high = options.high});
  filters_ = at::tensor(filters.dense(), at::kFloat)
                 .view({filters.bands(), filters.bins()})
                 .t()
                 .contiguous()
                 .to(device);
}

at::Tensor LogMelMagnitudes::operator()(const at::Tensor& signals) const {
  constexpr double least_power = 1e-9, least_mel = 1e-5;
  const auto side = (options_.n_fft - options_.hop) / 2;
  const auto mirrored = pad(signals.unsqueeze(1), side, side, Padding::reflect).squeeze(1);
  const auto parts = at::view_as_real(spectra(mirrored, window_, options_.n_fft, options_.hop));
  const auto magnitudes = (parts.square().sum(-1) + least_power).sqrt();
  return at::matmul(magnitudes, filters_).clamp_min(least_mel).log();
}

SpectralLosses::SpectralLosses(std::int64_t sample_rate, c10::Device device) {
  for (std::int64_t n_fft = 32; n_fft <= 2048; n_fft *= 2)
    mels_.emplace_back(LogMelMagnitudes::Options{.sample_rate = sample_rate,
                                                 .n_fft = n_fft,
                                                 .hop = n_fft / 4,
                                                 .bands = bands_for(n_fft, sample_rate)},
                       device);
  stfts_ = {{1024, 120, hann_window(600, device)},
            {2048, 240, hann_window(1200, device)},
            {512, 50, hann_window(240, device)}};
}

at::Tensor SpectralLosses::mel(const at::Tensor& copy, const at::Tensor& original) const {
  at::Tensor sum;
  for (const auto& mels : mels_) {
    const auto difference = mels(copy) - mels(original);
    const auto distance = difference.abs().mean() + difference.square().mean();
    sum = sum.defined() ? sum + distance : distance;
  }
  return sum / static_cast<double>(mels_.size());
}

at::Tensor SpectralLosses::stft(const at::Tensor& copy, const at::Tensor& original) const {
  constexpr double least_power = 1e-7;
  at::Tensor sum;
  for (const auto& [n_fft, hop, window] : stfts_) {
    const auto magnitudes = [&, size = n_fft, step = hop, &shape = window](const at::Tensor& x) {
      // Centred frames, as torch.stft has them.
      const auto mirrored = pad(x.unsqueeze(1), size / 2, size / 2, Padding::reflect).squeeze(1);
      const auto parts = at::view_as_real(spectra(mirrored, shape, size, step));
      return parts.square().sum(-1).clamp_min(least_power).sqrt();
    };
    const auto ours = magnitudes(copy), theirs = magnitudes(original);
    const auto norm = [](const at::Tensor& x) { return x.square().sum({1, 2}).sqrt(); };
    // Within the root, so that equal spectra have a gradient.
    const auto apart = ((ours - theirs).square().sum({1, 2}) + least_power).sqrt();
    const auto distance = (apart / norm(theirs)).mean() + (ours.log() - theirs.log()).abs().mean();
    sum = sum.defined() ? sum + distance : distance;
  }
  return sum / static_cast<double>(stfts_.size());
}

}  // namespace earshot::kit
