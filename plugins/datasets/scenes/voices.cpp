#include "voices.hpp"

#include <algorithm>
#include <cmath>

#include "filter.hpp"
#include "noise.hpp"

namespace earshot::scenes {

namespace {

/// Formants of five vowels (Hz), after Peterson and Barney 1952, table II, men.
constexpr double vowels[5][3] = {
    {270, 2290, 3010}, {530, 1840, 2480}, {730, 1090, 2440}, {570, 840, 2410}, {300, 870, 2240}};

}  // namespace

Voice draw_voice(kit::Random& random) {
  const bool low = random.uniform() < 0.5;
  return {.pitch = low ? random.uniform(85, 150) : random.uniform(165, 260),
          .tract = low ? random.uniform(0.95, 1.05) : random.uniform(1.1, 1.22),
          .syllables = random.uniform(3, 5.5),
          .breath = random.uniform(0.03, 0.15)};
}

void speak(const Voice& voice, kit::Random random, float gain, double rest, Signal& out) {
  White white(random());
  Biquad first = Biquad::band_pass(500, 6), second = first, third = first;
  Biquad hiss = Biquad::band_pass(4500, 1);
  double phase = 0, source = 0;
  for (std::size_t n = 0; n < out.size();) {
    const auto& vowel = vowels[random.below(5)];
    const double stretch = voice.tract * random.uniform(0.95, 1.05);
    first.become(Biquad::band_pass(vowel[0] * stretch, 5));
    second.become(Biquad::band_pass(vowel[1] * stretch, 9));
    third.become(Biquad::band_pass(vowel[2] * stretch, 10));
    const double seconds = random.uniform(0.7, 1.3) / voice.syllables;
    const auto length = static_cast<std::size_t>(seconds * rate);
    const std::size_t consonant =
        random.uniform() < 0.4
            ? static_cast<std::size_t>(random.uniform(0.2, 0.35) * static_cast<double>(length))
            : 0;
    const double pitch = voice.pitch * random.uniform(0.85, 1.2),
                 glide = random.uniform(-0.25, 0.1);
    const auto loud = gain * static_cast<float>(random.uniform(0.5, 1));
    for (std::size_t k = 0; k < length && n < out.size(); ++k, ++n) {
      const double place = static_cast<double>(k) / static_cast<double>(length);
      const auto rise = static_cast<float>(std::min(1.0, std::min(place, 1 - place) * 8));
      if (k < consonant) {
        out[n] += 0.3F * loud * rise * hiss(white());
        continue;
      }
      phase += pitch * (1 + glide * place) / rate;
      double pulse = 0;
      if (phase >= 1) {
        phase -= 1;
        pulse = 12;
      }
      source += 0.35 * (pulse - source);  // the glottis closes in a fraction of a ms
      const auto breath = static_cast<float>(source + voice.breath * white());
      out[n] += loud * rise * (first(breath) + 0.6F * second(breath) + 0.35F * third(breath));
    }
    // Rests follow a phrase of about five syllables; their length is such that their share is
    // `rest`.
    if (random.uniform() < 0.2)
      n += static_cast<std::size_t>(5 / voice.syllables * rest / (1 - rest) *
                                    random.uniform(0.5, 1.5) * rate);
  }
}

}  // namespace earshot::scenes
