#pragma once
#include <array>
#include <cstddef>
#include <vector>

namespace earshot::scenes {

/// One channel at `rate`.
using Signal = std::vector<float>;

/// Scenes are made at this rate (Hz) and then resampled to the requested rate: scenes have no
/// content above 8 kHz, so that an encoder at 16 kHz receives everything that other encoders
/// receive.
inline constexpr double rate = 16000;

/// Octave bands for the absorption of rooms; the first also represents everything below, the last
/// everything above.
inline constexpr std::size_t bands = 6;
inline constexpr std::array<double, bands> band_centres = {125, 250, 500, 1000, 2000, 4000};  // Hz
using Bands = std::array<double, bands>;

/// Mean square; 0 for an empty signal.
double power(const Signal& signal);

/// From `low` to `high`, in any unit.
struct Range {
  double low, high;
};

}  // namespace earshot::scenes
