#pragma once
#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

// Differentiable distances of spectra, with which codecs and vocoders are trained. Signals are
// float32 (N, T), of any T; compute them without autocast.

namespace earshot::kit {

/// Short-time spectra of signals: complex (N, frames, n_fft / 2 + 1).
/// @param window  float32 (w), w <= n_fft: centred in n_fft, zeros around it
at::Tensor spectra(const at::Tensor& signals, const at::Tensor& window, std::int64_t n_fft,
                   std::int64_t hop);

/// The logarithms of mel magnitudes as HiFi-GAN's loss computes them (Kong, Kim, Bae 2020; mel.py
/// of its code): a periodic Hann window, mirrored by (n_fft - hop) / 2 at the ends, magnitudes
/// sqrt(|X|^2 + 1e-9), Slaney's filters of area 1, ln(max(mel, 1e-5)).
class LogMelMagnitudes {
 public:
  struct Options {
    std::int64_t sample_rate = 24000, n_fft = 1024, hop = 256, bands = 80;
    double low = 0, high = 0;  ///< Hz; high 0: half the sample rate
  };
  /// @throws ConfigError for bands so narrow that one has no frequency.
  LogMelMagnitudes(const Options& options, c10::Device device);
  at::Tensor operator()(const at::Tensor& signals) const;  ///< (N, frames, bands)

 private:
  Options options_;
  at::Tensor window_, filters_;  ///< (n_fft), (bins, bands)
};

/// How far a copy is from its original, at several resolutions at once.
class SpectralLosses {
 public:
  /// @param sample_rate  Hz
  SpectralLosses(std::int64_t sample_rate, c10::Device device);

  /// Log-mel magnitudes of windows of 32, 64, ..., 2048 samples every quarter of a window, as
  /// EnCodec takes them, with 5, 10, ..., 320 bands (Kumar et al. 2023, "High-Fidelity Audio
  /// Compression with Improved RVQGAN"), or as many fewer that each holds a frequency: 4 and 9 for
  /// the shortest windows at 48 kHz. Mean |difference| + mean squared difference, which is
  /// EnCodec's sum of L1 and L2; the mean over windows. float32 scalar, mean over signals.
  at::Tensor mel(const at::Tensor& copy, const at::Tensor& original) const;

  /// Spectral convergence, | |X| - |Y| | / | |X| |, plus the mean |ln |X| - ln |Y||, magnitudes at
  /// least sqrt(1e-7), the mean over windows of 600, 1200 and 240 samples every 120, 240 and 50, in
  /// transforms of 1024, 2048 and 512 (Yamamoto, Song, Kim 2020, "Parallel WaveGAN"). The norms
  /// are of each signal by itself. float32 scalar, mean over signals.
  at::Tensor stft(const at::Tensor& copy, const at::Tensor& original) const;

 private:
  struct Resolution {
    std::int64_t n_fft = 0, hop = 0;
    at::Tensor window{};
  };
  std::vector<LogMelMagnitudes> mels_{};
  std::vector<Resolution> stfts_{};
};

}  // namespace earshot::kit
