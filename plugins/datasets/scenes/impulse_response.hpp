#pragma once
#include <cstdint>

#include "room.hpp"
#include "signal.hpp"

namespace earshot::scenes {

/// Delay (samples) of the first arrival in an impulse response: leaves room for the filters to
/// ring. The travel time itself is cut off.
inline constexpr std::size_t lead = 160;

/// Impulse response from source to receiver, both omnidirectional; the direct sound has amplitude 1
/// / distance (m).
///
/// Indoors: image sources (Allen and Berkley 1979) up to twice sqrt(volume in m^3) ms, where about
/// ten reflections overlap, each with the absorption of its walls and of the air in six octave
/// bands; then noise from `seed` that continues with their mean energy, 4 pi c / volume per second,
/// and decays in each band by Eyring's formula with air. Outdoors: the direct sound and its
/// reflection from the ground.
Signal impulse_response(const Room& room, const Positions& positions, std::uint64_t seed);

}  // namespace earshot::scenes
