#pragma once
#include <earshot/kit/random.hpp>

#include "signal.hpp"

namespace earshot::scenes {

/// Peak over root mean square, dB.
double crest_factor(const Signal& signal);

/// Makes level, peak and crest factor independent of all that the scene is: a swell of some tenths
/// of a second around the highest peak raises the crest factor, or a limiter (2 ms ahead, 60 ms
/// release) lowers it, to one drawn from 14 to 17 dB; then the root mean square is set to one
/// drawn from -50 to -20 dB of full scale. Silence stays silent.
void set_level(Signal& signal, kit::Random random);

}  // namespace earshot::scenes
