#pragma once
#include <array>
#include <cstddef>

#include "scene.hpp"

namespace earshot::scenes {

/// What the second clip of a pair has that the first lacks: one quantity, changed by a known
/// amount. The first three are the floor: what an encoder should not hear, or hear as little as
/// possible.
enum class Step { same, shift, gain, distance, reverberation, noise, recorder };

/// In the order of Step.
inline constexpr std::array<const char*, 7> step_names = {
    "same", "shift", "gain", "distance", "reverberation", "noise", "recorder"};
inline constexpr std::array<const char*, 7> step_sizes = {
    "none: the same samples",
    "2 ms: the recording begins earlier",
    "-6.02 dB: half the amplitude",
    "half the distance, in the same direction",
    "half the reverberation time in every octave band",
    "10 dB: the background noise and the recorder's own are louder",
    "a third of the scale of severity, to the worse where there is room, or else to the better"};

/// The severity of the second clip's recorder, in [0, 1].
double stepped_severity(double severity);

/// The scene of the second clip, apart from the recorder, which is drawn for its severity.
Scene stepped(Scene scene, Step step);

/// A clip of a pair, `length` samples at `rate`: what render() gives from 2 ms on, or for the
/// second clip of a shift from its beginning, so that no clip has silence that others lack.
Signal render_stepped(const Scene& scene, Step step, std::size_t length);

}  // namespace earshot::scenes
