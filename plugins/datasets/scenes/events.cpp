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

/// One clip of a source in the making.
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
  double seconds() const { return static_cast<double>(out.size()) / rate; }
  /// How loud this time: 5 dB of difference between one occurrence and the next.
  float accent() { return static_cast<float>(std::pow(10, random.uniform(-5, 0) / 20)); }

  /// Adds `sample(k)` for `duration` s from `start` s on.
  template <class Sample>
  void add(double start, double duration, Sample sample) {
    const auto first = static_cast<std::size_t>(start * rate);
    const auto count = static_cast<std::size_t>(duration * rate);
    for (std::size_t k = 0; k < count && first + k < out.size(); ++k)
      out[first + k] += sample(k);
  }

  /// A struck mode: a sine that falls by 60 dB in `decay` s.
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

  /// A burst of noise through `filter` that falls by 60 dB in `decay` s.
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

 private:
  const Source& source_;
};

/// 0 to 1 and back within `edge` s of the ends of `count` samples.
float fade(std::size_t k, std::size_t count, double edge) {
  const double nearest = static_cast<double>(std::min(k, count - std::min(k, count)));
  return static_cast<float>(std::min(1.0, nearest / (edge * rate)));
}

void alarm(Performance& p) {
  const double frequency = p.log(0, 700, 2200), other = frequency * p.linear(1, 0.7, 1.4);
  const double beep = p.log(2, 0.06, 0.3), gap = beep * p.linear(3, 0.4, 1.2);
  const auto beeps = static_cast<int>(p.linear(4, 1, 5));
  const double pause = p.linear(5, 0.6, 1.3);
  const auto third = static_cast<float>(p.linear(6, 0, 0.5));
  const bool two_tones = p.linear(7, 0, 1) > 0.5;
  for (double t = p.random.uniform(0, pause); t < p.seconds();
       t += pause * p.random.uniform(0.9, 1.1)) {
    const float loud = p.accent();
    for (int i = 0; i < beeps; ++i, t += beep + gap) {
      const double step = (two_tones && i % 2 == 1 ? other : frequency) / rate;
      const auto count = static_cast<std::size_t>(beep * rate);
      p.add(t, beep, [&](std::size_t k) {
        const double phase = step * static_cast<double>(k);
        const float overtone = 3 * step < 0.47 ? third * sine(3 * phase) : 0;
        return loud * fade(k, count, 0.004) * (sine(phase) + overtone);
      });
    }
  }
}

void bark(Performance& p) {
  const double pitch = p.log(0, 250, 800), length = p.linear(1, 0.12, 0.3);
  const double formant = p.log(2, 600, 1500), second = p.log(3, 1800, 3200);
  const auto rough = static_cast<float>(p.linear(4, 0.3, 1.2));
  const auto barks = static_cast<int>(p.linear(5, 1, 4));
  const double pause = p.linear(6, 0.7, 1.4), sweep = p.linear(7, 0.2, 0.6);
  for (double t = p.random.uniform(0, pause); t < p.seconds();
       t += pause * p.random.uniform(0.7, 1.3))
    for (int i = 0; i < barks; ++i, t += length * p.random.uniform(1.4, 2)) {
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
  // Partials of a tuned bell against its prime (Fletcher and Rossing, "The Physics of Musical
  // Instruments", 2nd ed., ch. 21), each somewhat off.
  constexpr double partials[] = {0.5, 1, 1.2, 1.5, 2, 2.5, 3, 4.07, 5.33};
  const double prime = p.log(0, 350, 1300), decay = p.log(1, 0.6, 1.6);
  const double interval = p.linear(2, 1.0, 2.0), bright = p.linear(3, 0.4, 1.1);
  kit::Random shape(static_cast<std::uint64_t>(p.linear(4, 0, 1) * 0x1p53));
  double offset[9];
  for (double& o : offset)
    o = shape.uniform(0.98, 1.02);
  for (double t = p.random.uniform(0, interval); t < p.seconds();
       t += interval * p.random.uniform(0.9, 1.1)) {
    const float loud = p.accent();
    for (std::size_t k = 0; k < 9; ++k) {
      const double ratio = partials[k];
      p.ring(t, prime * ratio * offset[k], decay / std::pow(ratio, 0.8),
             loud * static_cast<float>(std::pow(ratio, bright - 1.2)));
    }
  }
}

void bird(Performance& p) {
  const double centre = p.log(0, 2400, 5200), depth = p.linear(1, 0.05, 0.3);
  const double length = p.log(2, 0.04, 0.2), gap = length * p.linear(3, 0.2, 0.8);
  const auto notes = static_cast<int>(p.linear(4, 3, 12));
  const double pause = p.linear(5, 0.7, 1.4),
               trill = p.linear(6, 0, 1) > 0.5 ? p.linear(6, 15, 45) : 0;
  const double direction = p.linear(7, -1, 1);
  for (double t = p.random.uniform(0, pause); t < p.seconds();
       t += pause * p.random.uniform(0.6, 1.4)) {
    const float loud = p.accent();
    for (int i = 0; i < notes; ++i, t += length + gap) {
      const double note = centre * p.random.uniform(0.93, 1.07);
      const auto count = static_cast<std::size_t>(length * rate);
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
}

void clapping(Performance& p) {
  const double tempo = p.linear(0, 2, 4.5), centre = p.log(1, 1300, 2600);
  const auto people = static_cast<int>(p.linear(2, 1, 6));
  const double decay = p.linear(3, 0.03, 0.09), quality = p.linear(4, 0.5, 1.0);
  const double together = p.linear(5, 0.02, 0.4);
  for (int person = 0; person < people; ++person) {
    const double own = tempo * p.random.uniform(0.93, 1.07),
                 colour = centre * p.random.uniform(0.8, 1.25);
    for (double t = p.random.uniform(0, together); t < p.seconds();
         t += p.random.uniform(1 - 0.3 * together, 1 + 0.3 * together) / own)
      p.burst(t, decay, Biquad::band_pass(colour * p.random.uniform(0.95, 1.05), quality),
              p.accent());
  }
}

void drum(Performance& p) {
  const double pitch = p.log(0, 60, 170), drop = p.linear(1, 0.3, 1.5), decay = p.log(2, 0.12, 0.4);
  const auto skin = static_cast<float>(p.linear(3, 0.1, 0.6));
  const double beat = p.linear(4, 0.25, 0.6), colour = p.log(5, 300, 1500);
  const double density = p.linear(6, 0.4, 0.7);
  for (double t = p.random.uniform(0, beat); t < p.seconds();
       t += beat * p.random.uniform(0.97, 1.03)) {
    if (p.random.uniform() > density) continue;
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
  for (float& x : p.out) {
    turn += 1 / (period * rate);
    const double throttle = 0.5 + 0.5 * sine(turn);
    phase += firing * (1 + swing * throttle) / rate;
    double pulse = 0;
    if (phase >= next) {
      pulse = 20 * p.random.uniform(0.6, 1);
      next += 1 + rough * p.random.normal();
      if (next <= phase) next = phase + 0.5;
    }
    source += 0.25 * (pulse - source);
    const float in = static_cast<float>(source) + hiss * white();
    x = static_cast<float>(0.02 + throttle * throttle * throttle) *
        (body(in) + 0.8F * pipe(in) + 0.1F * in);
  }
}

void glass(Performance& p) {
  const double low = p.log(0, 2200, 3800), high = low * p.linear(1, 1.6, 2.4);
  const double decay = p.log(2, 0.06, 0.3), spread = p.linear(3, 0.08, 0.4),
               pause = p.linear(4, 0.9, 1.7);
  const auto pieces = static_cast<int>(p.linear(5, 10, 35));
  const auto crack = static_cast<float>(p.linear(6, 0.3, 1));
  for (double t = p.random.uniform(0, pause); t < p.seconds();
       t += pause * p.random.uniform(0.6, 1.4)) {
    const float loud = p.accent();
    p.burst(t, 0.05, Biquad::high_pass(1.2 * low, 0.8), loud * crack);
    for (int i = 0; i < pieces; ++i)
      p.ring(t - spread * std::log(1 - p.random.uniform()), p.random.uniform(low, high),
             decay * p.random.uniform(0.5, 1.5),
             loud * static_cast<float>(p.random.uniform(0.1, 0.6)));
  }
}

void knock(Performance& p) {
  const double body = p.log(0, 130, 380), decay = p.linear(1, 0.04, 0.12);
  const auto knocks = static_cast<int>(p.linear(2, 2, 6));
  const double interval = p.linear(3, 0.12, 0.3), pause = p.linear(4, 0.8, 1.5);
  const double second = p.linear(5, 1.7, 2.6), third = p.linear(6, 3, 5);
  const auto click = static_cast<float>(p.linear(7, 0.1, 0.5));
  for (double t = p.random.uniform(0, pause); t < p.seconds();
       t += pause * p.random.uniform(0.7, 1.3)) {
    const float loud = p.accent();
    for (int i = 0; i < knocks; ++i, t += interval * p.random.uniform(0.93, 1.07)) {
      const auto hit = loud * static_cast<float>(p.random.uniform(0.7, 1));
      p.ring(t, body, decay, hit);
      p.ring(t, body * second, 0.7 * decay, 0.6F * hit);
      p.ring(t, body * third, 0.5 * decay, 0.4F * hit);
      p.burst(t, 0.02, Biquad::band_pass(2 * body * third, 0.7), click * hit);
    }
  }
}

void rain(Performance& p) {
  Biquad wide = Biquad::band_pass(p.log(0, 1500, 4500), p.linear(1, 0.3, 0.6));
  const double drops = p.log(2, 8, 60), low = p.log(3, 900, 2200);
  const auto steady = static_cast<float>(p.linear(4, 0.05, 0.2));
  const double gust = p.linear(5, 0.6, 0.95), period = p.linear(6, 1.5, 5);
  White white(p.random());
  double turn = p.random.uniform();
  for (float& x : p.out) {
    turn += 1 / (period * rate);
    x = steady * static_cast<float>(1 + gust * sine(turn)) * wide(white());
  }
  for (double t = 0; t < p.seconds(); t -= std::log(1 - p.random.uniform()) / drops)
    p.ring(t, low * std::pow(4, p.random.uniform()), p.random.uniform(0.01, 0.04),
           static_cast<float>(p.random.uniform(0.1, 1)));
}

void siren(Performance& p) {
  const double low = p.log(0, 450, 750), high = low * p.linear(1, 1.5, 2.4),
               period = p.log(2, 0.4, 4);
  const bool two_tones = p.linear(3, 0, 1) > 0.65;
  const auto second = static_cast<float>(p.linear(4, 0.2, 0.7)),
             third = static_cast<float>(p.linear(5, 0.1, 0.5));
  const double on = p.linear(6, 0.8, 1.8), off = p.linear(7, 0.7, 1.3);
  double phase = 0, turn = p.random.uniform();
  for (double t = p.random.uniform(0, off); t < p.seconds(); t += on + off) {
    const float loud = p.accent();
    const auto count = static_cast<std::size_t>(on * rate);
    p.add(t, on, [&](std::size_t k) {
      turn += 1 / (period * rate);
      const double swing = two_tones ? (sine(turn) > 0 ? 1.0 : 0.0) : 0.5 + 0.5 * sine(turn);
      phase += (low + (high - low) * swing) / rate;
      return loud * fade(k, count, 0.05) *
             (sine(phase) + second * sine(2 * phase) + third * sine(3 * phase));
    });
  }
}

void speech(Performance& p) {
  const Voice voice = {.pitch = p.log(0, 85, 260),
                       .tract = p.linear(0, 0.95, 1.15) + p.linear(1, 0, 0.08),
                       .syllables = p.linear(2, 3, 5.5),
                       .breath = p.linear(3, 0.03, 0.15)};
  speak(voice, kit::Random(p.random()), 1, p.linear(4, 0.3, 0.5), p.out);
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
  performers[source.event](p);
  // A very short clip may end before the first occurrence; then it is silent.
  const double level = std::sqrt(power(p.out));
  if (level > 0)
    for (float& x : p.out)
      x = static_cast<float>(x / level);
  return std::move(p.out);
}

}  // namespace earshot::scenes
