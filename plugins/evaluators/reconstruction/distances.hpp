#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

// Distances between an original and its copy, both float64 (N) on the CPU, N at least 1.

namespace reconstruction {

/// Scale-invariant signal-to-distortion ratio in dB (Le Roux, Wisdom, Erdogan, Hershey 2019, "SDR -
/// half-baked or well done?"): with the means of both signals removed, the power of the projection
/// of the copy on the original over that of the rest. nullopt if it is not finite: a silent
/// original, a copy orthogonal to it, or one that differs only in level.
std::optional<double> si_sdr(const at::Tensor& original, const at::Tensor& copy);

/// Distances of magnitude spectrograms |X|, |Y|: periodic Hann windows of w samples every w / 4,
/// frames centred, mirrored at the ends, as in torch.stft.
struct SpectralDistances {
  /// For w = 2048 and 512, mean |X - Y| + mean |log10 X^2 - log10 Y^2|, magnitudes in the
  /// logarithms at least 1e-5; both windows added. As Codec-SUPERB computes it (Wu et al. 2024;
  /// metrics.py, after Kumar et al. 2023, "High-fidelity audio compression with improved RVQGAN").
  double stft = 0;
  /// The same for mel spectrograms, 150 bands for 2048 and 80 for 512: Slaney's scale, filters of
  /// area 1 over magnitudes, from 0 to half the sample rate.
  double mel = 0;
  /// Log-spectral distance in dB (Gray and Markel 1976, "Distance measures for speech processing"):
  /// the root mean square of 20 log10 X - 20 log10 Y over the bins of a frame, mean over frames;
  /// w = 2048, magnitudes at least 1e-5.
  double log_spectral = 0;
  /// Mean absolute and mean squared difference of the mel spectrograms in dB, 20 log10 of
  /// magnitudes at least 1e-5; w = 2048, the 150 bands of `mel`. In dB and dB^2.
  double log_mel_mae = 0, log_mel_mse = 0;
};

/// Compares signals of one sample rate. Memory does not grow with their length.
class SpectralComparison {
 public:
  /// @param sample_rate  Hz. @throws ConfigError above about 50 kHz, where mel bands become
  /// narrower than the bins.
  explicit SpectralComparison(std::int64_t sample_rate);

  SpectralDistances operator()(const at::Tensor& original, const at::Tensor& copy) const;

 private:
  struct Resolution {
    std::int64_t size = 0;  ///< samples of the window
    at::Tensor window{};    ///< float64 (size)
    at::Tensor mel{};       ///< float64 (bins, bands)
  };
  std::vector<Resolution> resolutions_{};  ///< that of 2048 first
};

}  // namespace reconstruction
