#pragma once
#include <array>
#include <cstdint>

#include "signal.hpp"

namespace earshot::scenes {

/// The first `length` samples of the convolution of two non-empty signals.
Signal convolve(const Signal& signal, const Signal& response, std::size_t length);

/// `signal` as a sum of octave bands: zero-phase filters whose gains add up to one at every
/// frequency and cross over as cos^2 along log frequency between two centres. Circular: intended
/// for noise, whose end may ring into its start.
std::array<Signal, bands> split_bands(const Signal& signal);

/// Filters the bands of `parts` (all of one length) as split_bands() does, and sums them.
Signal join_bands(const std::array<Signal, bands>& parts);

/// `signal` at `factor` times its rate: zeros between its samples, then a windowed sinc (Kaiser, 90
/// dB) that passes up to 7 kHz and stops from 8 kHz on.
Signal raise_rate(const Signal& signal, std::int64_t factor);

}  // namespace earshot::scenes
