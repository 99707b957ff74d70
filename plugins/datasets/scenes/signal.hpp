#pragma once
#include <array>
#include <cstddef>
#include <vector>

namespace earshot::scenes {

/// One channel at `rate`.
using Signal = std::vector<float>;

/// Scenes are made at this rate (Hz) and then brought to the rate asked for: nothing of a scene
/// lies above 8 kHz, so that an encoder that takes 16 kHz hears all that another hears.
inline constexpr double rate = 16000;

/// Octave bands in which rooms absorb; the first also stands for all below, the last for all above.
inline constexpr std::size_t bands = 6;
inline constexpr std::array<double, bands> band_centres = {125, 250, 500, 1000, 2000, 4000};  // Hz
using Bands = std::array<double, bands>;

/// Mean square; 0 of nothing.
double power(const Signal& signal);

/// From `low` to `high`, in whatever unit.
struct Range {
  double low, high;
};

}  // namespace earshot::scenes
