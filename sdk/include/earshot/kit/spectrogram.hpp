#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace earshot::kit {

/// How audio is cut into frames for a short-time Fourier transform.
struct SpectrogramOptions {
  std::int64_t n_fft = 1024;   ///< samples of a transform
  std::int64_t window = 1024;  ///< samples of the periodic Hann window, centred in n_fft
  std::int64_t hop = 320;      ///< samples from frame to frame
  /// Frame t is centred at sample t * hop (1 + N / hop frames), or begins there (one frame per hop
  /// begun; the last ones run into zeros).
  bool centre = true;
  bool reflect = true;  ///< what a centred frame covers beyond the ends: the mirror image, or zeros
  std::int64_t power = 2;  ///< of the magnitude: 1 or 2
};

/// Periodic Hann window: 0.5 - 0.5 cos(2 pi n / length), n in [0, length).
std::vector<double> hann(std::int64_t length);

/// Position in [0, length) of sample `index` of an endlessly mirrored signal: the ends are not
/// repeated, and a short signal is mirrored as often as needed, as in numpy.pad's "reflect" mode.
std::int64_t reflected(std::int64_t index, std::int64_t length);

/// Magnitude or power spectrogram of one signal at a time, in memory that does not grow with the
/// signal.
class Spectrogram {
 public:
  /// @throws ConfigError unless 1 <= window <= n_fft, 1 <= hop, and power is 1 or 2.
  explicit Spectrogram(const SpectrogramOptions& options);

  std::int64_t bins() const { return options_.n_fft / 2 + 1; }
  std::int64_t frames(std::int64_t samples) const;  ///< at least 1
  /// From the start of the audio to the centre of frame 0, in samples.
  double first_centre() const;

  /// `count` consecutive frames from frame `first` on: (count, bins()), row by row.
  using Take = std::function<void(std::int64_t first, std::int64_t count, const float* values)>;
  /// Calls `take` for all frames, block by block, in any order and on several threads at a time.
  /// Equal samples give equal bits, regardless of the number of threads and of what else is
  /// computed.
  void compute(std::span<const float> samples, const Take& take) const;

 private:
  void fill(std::span<const float> samples, std::int64_t frame, float* out) const;

  SpectrogramOptions options_;
  std::vector<float> window_;  ///< n_fft values, zeros around the window
};

}  // namespace earshot::kit
