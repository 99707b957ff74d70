#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace earshot::kit {

/// Slaney (Auditory Toolbox 1998: linear below 1 kHz, logarithmic above), the default of librosa;
/// or HTK (Young et al., The HTK Book: 2595 log10(1 + f / 700)), the default of torchaudio.
enum class MelScale { slaney, htk };

double hz_to_mel(double hz, MelScale scale);
double mel_to_hz(double mel, MelScale scale);

/// Triangular filters, equally spaced on a mel scale, each extending from the centre of its left
/// neighbour to that of its right one, over the bins k * sample_rate / n_fft of a real transform.
class MelFilters {
 public:
  struct Options {
    std::int64_t sample_rate = 32000, n_fft = 1024, bands = 64;
    double low = 0, high = 0;  ///< Hz; high 0: half the sample rate
    MelScale scale = MelScale::slaney;
    bool area = true;  ///< each filter's area is 1 (times 1 Hz), or its peak is 1
    /// Rounds the edges of filters to float32 at each step, like torchaudio: weights are off by up
    /// to 1e-5, exactly as there.
    bool single = false;
  };

  /// @throws ConfigError unless 0 <= low < high <= sample_rate / 2 and bands >= 1, or if bands are
  /// so narrow that a filter would be empty.
  explicit MelFilters(const Options& options);

  /// Filters from a file: `weights` are (bands, bins), row by row, as returned by dense().
  MelFilters(std::int64_t bands, std::int64_t bins, std::span<const float> weights);

  std::int64_t bands() const { return static_cast<std::int64_t>(filters_.size()); }
  std::int64_t bins() const { return bins_; }

  /// (rows, bins()) to (rows, bands()), both row by row.
  void apply(const float* spectra, std::int64_t rows, float* out) const;

  std::vector<double> dense() const;  ///< (bands(), bins()), row by row

 private:
  struct Filter {
    std::int64_t first = 0;  ///< the first bin whose weight is not 0
    std::vector<float> weights{};
  };
  template <class Number>
  void triangles(const std::vector<Number>& edges, const Options& options);

  std::int64_t bins_ = 0;
  std::vector<Filter> filters_{};
};

/// Rows `first` to `first + count - 1` of the orthonormal DCT-II of `size` values:
/// (count, size), row by row.
std::vector<double> dct(std::int64_t size, std::int64_t first, std::int64_t count);

}  // namespace earshot::kit
