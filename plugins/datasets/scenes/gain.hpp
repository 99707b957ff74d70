#pragma once
#include <earshot/kit/random.hpp>

#include "signal.hpp"

namespace earshot::scenes {

/// Peak over root mean square, dB.
double crest_factor(const Signal& signal);

/// Makes level, peak and crest factor independent of all that the scene is: a swell of some tenths
/// of a second around the highest peak raises the crest factor, or a limiter (1 ms ahead, 8 ms
/// release) lowers it, to one drawn from 19 to 23 dB; then the root mean square is set to one
/// drawn from -55 to -25 dB of full scale. Silence stays silent.
void set_level(Signal& signal, kit::Random random);

}  // namespace earshot::scenes
