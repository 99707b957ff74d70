#include "events.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <earshot/kit/random.hpp>

#include "filter.hpp"
#include "noise.hpp"
#include "voices.hpp"

namespace earshot::scenes {

namespace {

using std::numbers::pi;

/// A source sounds for a short time and is then silent for longer, for all classes, so that the
/// decay of a place is audible after every kind of event.
constexpr Range sounding = {0.3, 0.5}, silent = {1.6, 2.2};  // s

/// Every source is rough: its amplitude fluctuates randomly by this share. That spreads part of its
/// power over the whole band, so that every event excites every band of the place.
constexpr float roughness = 0.9F;

/// sin(2 pi phase) from a table, phase >= 0 in turns.
float sine(double phase) {
  constexpr int points = 4096;
  static const Signal table = [] {
    Signal values(points + 1);
    for (int n = 0; n <= points; ++n)
      values[static_cast<std::size_t>(n)] = static_cast<float>(std::sin(2 * pi * n / points));
    return values;
  }();
  const double place = (phase - std::floor(phase)) * points;
  const auto whole = static_cast<std::size_t>(place);
  const auto part = static_cast<float>(place - static_cast<double>(whole));
  return table[whole] + part * (table[whole + 1] - table[whole]);
}

/// One clip of a source while it is rendered.
class Performance {
 public:
  Performance(const Source& source, std::uint64_t seed, std::size_t length)
      : out(length, 0.0F), random(seed), source_(source) {}

  double linear(std::size_t k, double low, double high) const {
    return low + (high - low) * source_.parameters[k];
  }
  double log(std::size_t k, double low, double high) const {
    return low * std::pow(high / low, source_.parameters[k]);
  }
  /// Between `begin` and `end`.
  std::size_t samples() const { return static_cast<std::size_t>((end - begin) * rate); }
  /// Loudness of one occurrence: they differ by up to 5 dB.
  float accent() { return static_cast<float>(std::pow(10, random.uniform(-5, 0) / 20)); }

  /// Adds `sample(k)` for `duration` s from `start` s on.
  template <class Sample>
  void add(double start, double duration, Sample sample) {
    const auto first = static_cast<std::size_t>(start * rate);
    const auto count = static_cast<std::size_t>(duration * rate);
    for (std::size_t k = 0; k < count && first + k < out.size(); ++k)
      out[first + k] += sample(k);
  }

  /// A struck mode: a sine that decays by 60 dB in `decay` s.
  void ring(double start, double frequency, double decay, float amplitude) {
    if (frequency > 7500) return;
    const double radius = std::pow(10, -3 / (decay * rate)), angle = 2 * pi * frequency / rate;
    const double a1 = 2 * radius * std::cos(angle), a2 = -radius * radius;
    double before = 0, now = amplitude * std::sin(angle);
    add(start, decay, [&](std::size_t) {
      const double value = now;
      now = a1 * now + a2 * before;
      before = value;
      return static_cast<float>(value);
    });
  }

  /// A burst of noise through `filter` that decays by 60 dB in `decay` s.
  void burst(double start, double decay, Biquad filter, float amplitude) {
    White white(random());
    const auto step = static_cast<float>(std::pow(10, -3 / (decay * rate)));
    add(start, decay, [&](std::size_t) {
      const float value = amplitude * filter(white());
      amplitude *= step;
      return value;
    });
  }

  Signal out;
  kit::Random random;
  /// s: the source is excited between them; what rings continues to ring.
  double begin = 0, end = 0;

 private:
  const Source& source_;
};

/// Rises from 0 to 1 and falls back within `edge` s of the ends of `count` samples.
float fade(std::size_t k, std::size_t count, double edge) {
  const double nearest = static_cast<double>(std::min(k, count - std::min(k, count)));
  return static_cast<float>(std::min(1.0, nearest / (edge * rate)));
}

void alarm(Performance& p) {
  const double frequency = p.log(0, 1900, 2500), other = frequency * p.linear(1, 0.8, 1.2);
  const double beep = p.log(2, 0.06, 0.3), gap = beep * p.linear(3, 0.4, 1.2);
  const auto third = static_cast<float>(p.linear(4, 0.3, 0.6));
  const bool two_tones = p.linear(5, 0, 1) > 0.5;
  const auto count = static_cast<std::size_t>(beep * rate);
  const float loud = p.accent();
  bool second = false;
  for (double t = p.begin; t < p.end; t += beep + gap, second = !second) {
    const double step = (two_tones && second ? other : frequency) / rate;
    p.add(t, beep, [&](std::size_t k) {
      const double phase = step * static_cast<double>(k);
      const float overtone = 3 * step < 0.47 ? third * sine(3 * phase) : 0;
      return loud * fade(k, count, 0.004) * (sine(phase) + overtone);
    });
  }
}

void bark(Performance& p) {
  const double pitch = p.log(0, 300, 650), length = p.linear(1, 0.12, 0.3);
  const double formant = p.log(2, 600, 1500), second = p.log(3, 1800, 3200);
  const auto rough = static_cast<float>(p.linear(4, 0.3, 1.2));
  const double sweep = p.linear(5, 0.2, 0.6);
  for (double t = p.begin; t < p.end; t += length * p.random.uniform(1.4, 2)) {
    const float loud = p.accent();
    const double start = pitch * p.random.uniform(0.9, 1.1);
    Biquad low = Biquad::band_pass(formant, 2), high = Biquad::band_pass(second, 3);
    White white(p.random());
    double phase = 0;
    p.add(t, length, [&](std::size_t k) {
      const double place = static_cast<double>(k) / (length * rate);
      phase += start * (1 + sweep * std::sin(pi * place) - 0.5 * sweep * place) / rate;
      phase -= std::floor(phase);
      const auto envelope =
          static_cast<float>(std::min(1.0, place * 15) * std::pow(1 - place, 1.5));
      const float saw = 2 * static_cast<float>(phase) - 1 + rough * 0.5F * white();
      return loud * envelope * (low(saw) + 0.7F * high(saw));
    });
  }
}

void bell(Performance& p) {
  // Partials of a tuned bell relative to its prime (Fletcher and Rossing, "The Physics of Musical
  // Instruments", 2nd ed., ch. 21), each slightly detuned.
  constexpr double partials[] = {0.5, 1, 1.2, 1.5, 2, 2.5, 3, 4.07, 5.33};
  const double prime = p.log(0, 450, 900), decay = p.log(1, 0.6, 1.6);
  const double bright = p.linear(2, 0.4, 1.1);
  kit::Random shape(static_cast<std::uint64_t>(p.linear(3, 0, 1) * 0x1p53));
  const float loud = p.accent();
  for (const double ratio : partials)
    p.ring(p.begin, prime * ratio * shape.uniform(0.98, 1.02), decay / std::pow(ratio, 0.8),
           loud * static_cast<float>(std::pow(ratio, bright - 1.2)));
}

void bird(Performance& p) {
  const double centre = p.log(0, 3500, 4700), depth = p.linear(1, 0.05, 0.3);
  const double length = p.log(2, 0.04, 0.2), gap = length * p.linear(3, 0.2, 0.8);
  const double trill = p.linear(4, 0, 1) > 0.5 ? p.linear(4, 15, 45) : 0;
  const double direction = p.linear(5, -1, 1);
  const auto count = static_cast<std::size_t>(length * rate);
  const float loud = p.accent();
  for (double t = p.begin; t < p.end; t += length + gap) {
    const double note = centre * p.random.uniform(0.93, 1.07);
    double phase = 0, vibrato = 0;
    p.add(t, length, [&](std::size_t k) {
      const double place = static_cast<double>(k) / static_cast<double>(count);
      vibrato += trill / rate;
      phase +=
          note * (1 + depth * direction * (place - 0.5) * 2 + 0.5 * depth * sine(vibrato)) / rate;
      return loud * fade(k, count, 0.3 * length) * sine(phase);
    });
  }
}

void clapping(Performance& p) {
  const double tempo = p.linear(0, 2, 4.5), centre = p.log(1, 1000, 1700);
  const auto people = static_cast<int>(p.linear(2, 1, 6));
  const double decay = p.linear(3, 0.03, 0.09), quality = p.linear(4, 0.5, 1.0);
  const double together = p.linear(5, 0.02, 0.4);
  for (int person = 0; person < people; ++person) {
    const double own = tempo * p.random.uniform(0.93, 1.07),
                 colour = centre * p.random.uniform(0.8, 1.25);
    for (double t = p.begin + p.random.uniform(0, 0.5 * together); t < p.end;
         t += p.random.uniform(1 - 0.3 * together, 1 + 0.3 * together) / own)
      p.burst(t, decay, Biquad::band_pass(colour * p.random.uniform(0.95, 1.05), quality),
              p.accent());
  }
}

void drum(Performance& p) {
  const double pitch = p.log(0, 55, 110), drop = p.linear(1, 0.3, 1.0), decay = p.log(2, 0.2, 0.5);
  const auto skin = static_cast<float>(p.linear(3, 0.1, 0.6));
  const double beat = p.linear(4, 0.25, 0.6), colour = p.log(5, 300, 1500);
  const double density = p.linear(6, 0.4, 0.7);
  for (double t = p.begin; t < p.end; t += beat * p.random.uniform(0.97, 1.03)) {
    if (t > p.begin && p.random.uniform() > density) continue;
    const float loud = p.accent();
    double phase = 0, envelope = 1, bend = drop;
    const double step = std::pow(10, -3 / (decay * rate)), settle = std::exp(-1 / (0.03 * rate));
    p.add(t, decay, [&](std::size_t) {
      phase += pitch * (1 + bend) / rate;
      envelope *= step;
      bend *= settle;
      return loud * static_cast<float>(envelope) * sine(phase);
    });
    p.burst(t, 0.1, Biquad::band_pass(colour, 0.8), loud * skin);
  }
}

void engine(Performance& p) {
  const double firing = p.log(0, 18, 60), swing = p.linear(1, 0.1, 0.6),
               period = p.linear(2, 1.2, 4);
  Biquad body = Biquad::band_pass(p.log(3, 120, 350), 1.5),
         pipe = Biquad::band_pass(p.log(4, 400, 1100), 2);
  const auto hiss = static_cast<float>(p.linear(5, 0.03, 0.2));
  const double rough = p.linear(6, 0.02, 0.15);
  White white(p.random());
  double phase = 0, next = 1, turn = p.random.uniform(), source = 0;
  const auto count = p.samples();
  p.add(p.begin, p.end - p.begin, [&](std::size_t k) {
    turn += 1 / (period * rate);
    const double throttle = 0.7 + 0.3 * sine(turn);
    phase += firing * (1 + swing * throttle) / rate;
    double pulse = 0;
    if (phase >= next) {
      pulse = 20 * p.random.uniform(0.6, 1);
      next += 1 + rough * p.random.normal();
      if (next <= phase) next = phase + 0.5;
    }
    source += 0.25 * (pulse - source);
    const float in = static_cast<float>(source) + hiss * white();
    return fade(k, count, 0.08) * static_cast<float>(throttle * throttle * throttle) *
           (body(in) + 0.8F * pipe(in) + 0.1F * in);
  });
}

void glass(Performance& p) {
  const double low = p.log(0, 3800, 4800), high = low * p.linear(1, 1.4, 1.55);
  const double decay = p.log(2, 0.06, 0.3), spread = p.linear(3, 0.08, 0.2);
  const auto pieces = static_cast<int>(p.linear(4, 10, 35));
  const auto crack = static_cast<float>(p.linear(5, 0.3, 1));
  const float loud = p.accent();
  p.burst(p.begin, 0.05, Biquad::high_pass(1.2 * low, 0.8), loud * crack);
  for (int i = 0; i < pieces; ++i)
    p.ring(p.begin - spread * std::log(1 - p.random.uniform()), p.random.uniform(low, high),
           decay * p.random.uniform(0.5, 1.5),
           loud * static_cast<float>(p.random.uniform(0.1, 0.6)));
}

void knock(Performance& p) {
  const double body = p.log(0, 260, 420), decay = p.linear(1, 0.04, 0.12);
  const double interval = p.linear(2, 0.12, 0.3);
  const double second = p.linear(3, 1.7, 2.6), third = p.linear(4, 3, 5);
  const auto click = static_cast<float>(p.linear(5, 0.1, 0.5));
  for (double t = p.begin; t < p.end; t += interval * p.random.uniform(0.93, 1.07)) {
    const float hit = p.accent();
    p.ring(t, body, decay, hit);
    p.ring(t, body * second, 0.7 * decay, 0.6F * hit);
    p.ring(t, body * third, 0.5 * decay, 0.4F * hit);
    p.burst(t, 0.02, Biquad::band_pass(2 * body * third, 0.7), click * hit);
  }
}

void rain(Performance& p) {
  Biquad wide = Biquad::band_pass(p.log(0, 3500, 5500), p.linear(1, 0.4, 0.7));
  const double drops = p.log(2, 8, 60), low = p.log(3, 1500, 2600);
  const auto steady = static_cast<float>(p.linear(4, 0.05, 0.2));
  const double gust = p.linear(5, 0.6, 0.95), period = p.linear(6, 1.5, 5);
  White white(p.random());
  double turn = p.random.uniform();
  const auto count = p.samples();
  p.add(p.begin, p.end - p.begin, [&](std::size_t k) {
    turn += 1 / (period * rate);
    return fade(k, count, 0.08) * steady * static_cast<float>(1 + gust * sine(turn)) *
           wide(white());
  });
  for (double t = p.begin; t < p.end; t -= std::log(1 - p.random.uniform()) / drops)
    p.ring(t, low * std::pow(4, p.random.uniform()), p.random.uniform(0.01, 0.04),
           static_cast<float>(p.random.uniform(0.1, 1)));
}

void siren(Performance& p) {
  const double low = p.log(0, 450, 750), high = low * p.linear(1, 1.5, 2.4),
               period = p.log(2, 0.4, 4);
  const bool two_tones = p.linear(3, 0, 1) > 0.65;
  const auto second = static_cast<float>(p.linear(4, 0.2, 0.7)),
             third = static_cast<float>(p.linear(5, 0.1, 0.5));
  double phase = 0, turn = p.random.uniform();
  const float loud = p.accent();
  const auto count = p.samples();
  p.add(p.begin, p.end - p.begin, [&](std::size_t k) {
    turn += 1 / (period * rate);
    const double swing = two_tones ? (sine(turn) > 0 ? 1.0 : 0.0) : 0.5 + 0.5 * sine(turn);
    phase += (low + (high - low) * swing) / rate;
    return loud * fade(k, count, 0.05) *
           (sine(phase) + second * sine(2 * phase) + third * sine(3 * phase));
  });
}

void speech(Performance& p) {
  const Voice voice = {.pitch = p.log(0, 85, 260),
                       .tract = p.linear(0, 0.95, 1.15) + p.linear(1, 0, 0.08),
                       .syllables = p.linear(2, 3, 5.5),
                       .breath = p.linear(3, 0.03, 0.15)};
  Signal words(p.samples(), 0.0F);
  speak(voice, kit::Random(p.random()), 1, p.linear(4, 0.1, 0.2), words);
  p.add(p.begin, p.end - p.begin,
        [&](std::size_t k) { return words[k] * fade(k, words.size(), 0.03); });
}

constexpr void (*performers[])(Performance&) = {alarm,  bark,  bell,  bird, clapping, drum,
                                                engine, glass, knock, rain, siren,    speech};

}  // namespace

Source draw_source(int event, std::uint64_t seed) {
  kit::Random random(seed);
  Source source{.event = event};
  for (double& parameter : source.parameters)
    parameter = random.uniform();
  return source;
}

Signal render(const Source& source, std::uint64_t performance, std::size_t length) {
  Performance p(source, performance, length);
  const double seconds = static_cast<double>(length) / rate;
  for (double t = p.random.uniform(0, 0.5); t < seconds;) {
    p.begin = t;
    p.end = t + p.random.uniform(sounding.low, sounding.high);
    performers[source.event](p);
    t = p.end + p.random.uniform(silent.low, silent.high);
  }
  White flutter(kit::derive(performance, "flutter"));
  for (float& x : p.out)
    x *= 1 + roughness * flutter();
  // A very short clip may end before the first occurrence; then it is silent.
  const double level = std::sqrt(power(p.out));
  if (level > 0)
    for (float& x : p.out)
      x = static_cast<float>(x / level);
  return std::move(p.out);
}

}  // namespace earshot::scenes
