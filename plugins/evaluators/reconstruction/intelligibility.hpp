#pragma once
#include <cstdint>
#include <optional>

#include <ATen/core/Tensor.h>

namespace reconstruction {

/// Speech intelligibility by two measures, which are near 1 for a copy that equals the original.
struct Intelligibility {
  /// Taal, Hendriks, Heusdens, Jensen 2011, "An algorithm for intelligibility prediction of
  /// time-frequency weighted noisy speech".
  double stoi = 0;
  /// Jensen and Taal 2016, "An algorithm for predicting the intelligibility of speech masked by
  /// modulated noise maskers".
  double estoi = 0;
};

/// For two signals, float64 (N) on the CPU, at `sample_rate` Hz; as in pystoi, with Octave's
/// resampler to 10 kHz. Frames in which the original is more than 40 dB below its loudest frame
/// count as silent and are removed from both. Where pystoi adds a little noise to avoid dividing by
/// zero (estoi), constant bands count as 0 instead.
/// @returns nullopt if the original is silent, or fewer than 30 frames of it are left (0.4 s).
std::optional<Intelligibility> intelligibility(const at::Tensor& original, const at::Tensor& copy,
                                               std::int64_t sample_rate);

}  // namespace reconstruction
