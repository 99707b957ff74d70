#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace earshot::kit {

/// Changes the sample rate by windowed-sinc interpolation (Smith, "Digital Audio Resampling Home
/// Page", CCRMA), as torchaudio.functional.resample does by default: Hann window, six zero
/// crossings on each side, cut-off at 0.99 of the lower half rate. The phases of the filter are
/// rounded as in torchaudio (j / to in float32, then float64, the filter itself float32), so that
/// results differ only by the order of summation. The output starts where the input starts.
class Resampler {
 public:
  /// Rates in Hz, above 0. @throws ConfigError otherwise.
  Resampler(std::int64_t from, std::int64_t to);

  /// ceil(samples * to / from).
  std::int64_t length(std::int64_t samples) const;

  /// length(input.size()) samples; equal rates give a copy. Thread-safe.
  std::vector<float> operator()(std::span<const float> input) const;

 private:
  std::int64_t from_, to_;  ///< divided by their greatest common divisor
  std::int64_t width_ = 0;  ///< number of input samples that the filter covers before a position
  std::int64_t taps_ = 0;   ///< number of taps of each phase, a multiple of `lanes`
  std::vector<std::int64_t> first_{};  ///< (to_): where a phase's taps begin in the padded input
  std::vector<float> filter_{};        ///< (to_, taps_)
};

/// A single call with a filter that is computed once per pair of rates and process. Thread-safe.
std::vector<float> resample(std::span<const float> input, std::int64_t from, std::int64_t to);

}  // namespace earshot::kit
