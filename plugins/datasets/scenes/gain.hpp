#pragma once
#include <earshot/kit/random.hpp>

#include "signal.hpp"

namespace earshot::scenes {

/// Peak over root mean square, dB.
double crest_factor(const Signal& signal);

/// Makes level, peak and crest factor independent of everything else in the scene: a swell of some
/// tenths of a second around the highest peak raises the crest factor, or a limiter (1 ms
/// look-ahead, 8 ms release) lowers it, to a value drawn from 19 to 23 dB; then the root mean
/// square is set to a value drawn from -55 to -25 dB of full scale. Silence remains silent.
void set_level(Signal& signal, kit::Random random);

}  // namespace earshot::scenes
