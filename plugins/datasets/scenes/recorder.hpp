#pragma once
#include <earshot/kit/random.hpp>

#include "signal.hpp"

namespace earshot::scenes {

inline constexpr std::array<const char*, 3> quality_names = {"studio", "phone", "cheap"};

/// A recording chain, from 0 (studio) to 1 (cheap) in `severity`; each part varies independently,
/// so that no single part reveals the severity.
struct Recorder {
  double severity = 0;
  double low_cut = 0, high_cut = 0;          ///< Hz, high pass and low pass
  double resonance = 0, resonance_gain = 0;  ///< Hz, dB
  double clip_db = 0;    ///< the highest peaks exceed the clipping level by this much
  double bits = 16;      ///< of the mu-law code (mu = 255, as in ITU-T G.711)
  double hum_share = 0;  ///< share of the noise power that is the recorder's own: hum and hiss
};

/// Severity of a class of quality_names: thirds of 0 to 1.
double draw_severity(int quality, kit::Random& random);
Recorder draw_recorder(double severity, kit::Random& random);

/// Noise that the recorder's own electronics add, mean square 1: mains hum and hiss.
Signal self_noise(std::size_t length, kit::Random random);

/// Band limits and colour, clipping, companding to fewer bits; levels are relative to the signal's
/// peak.
void record(const Recorder& recorder, Signal& signal);

}  // namespace earshot::scenes
