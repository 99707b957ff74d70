#pragma once
#include <cstdint>
#include <optional>

#include <ATen/core/Tensor.h>

namespace reconstruction {

/// How well speech can be understood, by two measures that lie near 1 for a copy like the original.
struct Intelligibility {
  /// Taal, Hendriks, Heusdens, Jensen 2011, "An algorithm for intelligibility prediction of
  /// time-frequency weighted noisy speech".
  double stoi = 0;
  /// Jensen and Taal 2016, "An algorithm for predicting the intelligibility of speech masked by
  /// modulated noise maskers".
  double estoi = 0;
};

/// Of two signals, float64 (N) on the CPU, at `sample_rate` Hz; as pystoi computes them, with
/// Octave's resampler to 10 kHz. Frames of the original that lie more than 40 dB below its loudest
/// count as silent and are taken out of both. Where pystoi adds a little noise so as not to divide
/// by zero (estoi), bands that stay constant count as 0 instead.
/// @returns nothing if the original is silent, or fewer than 30 frames of it are left (0.4 s).
std::optional<Intelligibility> intelligibility(const at::Tensor& original, const at::Tensor& copy,
                                               std::int64_t sample_rate);

}  // namespace reconstruction
