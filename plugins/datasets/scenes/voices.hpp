#pragma once
#include <earshot/kit/random.hpp>

#include "signal.hpp"

namespace earshot::scenes {

/// A speaker of meaningless syllables.
struct Voice {
  double pitch = 120;    ///< Hz
  double tract = 1;      ///< formants relative to those of an adult male
  double syllables = 4;  ///< per second
  double breath = 0.1;   ///< share of noise in the source
};

Voice draw_voice(kit::Random& random);

/// Adds syllables from beginning to end of `out`: glottal pulses and breath through three formants
/// that change from vowel to vowel, with fricatives in between and rests after phrases; `rest` is
/// the mean share of time without speech.
void speak(const Voice& voice, kit::Random random, float gain, double rest, Signal& out);

}  // namespace earshot::scenes
