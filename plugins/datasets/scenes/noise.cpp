#include "noise.hpp"

#include <cmath>
#include <numbers>

#include "filter.hpp"
#include "voices.hpp"

namespace earshot::scenes {

namespace {

/// Noise whose density falls with f^-exponent: a cascade of first-order shelves, one pole and one
/// zero per octave (after Corsini and Saletti 1988).
Signal coloured(std::size_t length, double exponent, std::uint64_t seed) {
  White white(seed);
  Signal noise(length);
  for (float& x : noise)
    x = white();
  for (double pole = 30; pole < 0.45 * rate; pole *= 2) {
    const double zero = pole * std::pow(2, exponent / 2);
    const auto p = static_cast<float>(std::exp(-2 * std::numbers::pi * pole / rate));
    const auto z = static_cast<float>(std::exp(-2 * std::numbers::pi * zero / rate));
    float before = 0, after = 0;
    for (float& x : noise) {
      after = x - z * before + p * after;
      before = x;
      x = after;
    }
  }
  return noise;
}

Signal babble(std::size_t length, std::uint64_t seed) {
  kit::Random random(seed);
  Signal sum(length, 0.0F);
  const std::int64_t talkers = 4 + random.below(3);
  for (std::int64_t talker = 0; talker < talkers; ++talker) {
    const Voice voice = draw_voice(random);
    const auto gain = static_cast<float>(random.uniform(0.4, 1));
    speak(voice, kit::Random(random()), gain, 0.1, sum);
  }
  return sum;
}

}  // namespace

Signal hum(std::size_t length, kit::Random random) {
  const double mains = (random.uniform() < 0.5 ? 50 : 60) * random.uniform(0.995, 1.005);
  const double fall = random.uniform(0.6, 1.4);
  std::array<double, 24> amplitude{};
  for (std::size_t k = 0; k < amplitude.size(); ++k)
    amplitude[k] = std::pow(static_cast<double>(k + 1), -fall) * std::exp(0.7 * random.normal());
  // One period in a table, read at the mains frequency.
  constexpr std::size_t points = 4096;
  Signal period(points + 1, 0.0F);
  for (std::size_t k = 0; k < amplitude.size(); ++k) {
    const double phase = random.uniform(0, 2 * std::numbers::pi);
    for (std::size_t n = 0; n <= points; ++n)
      period[n] += static_cast<float>(
          amplitude[k] *
          std::sin(phase + 2 * std::numbers::pi * static_cast<double>((k + 1) * n) / points));
  }
  Signal result(length);
  double position = 0;
  const double step = mains / rate * points;
  for (float& x : result) {
    const auto whole = static_cast<std::size_t>(position);
    const auto part = static_cast<float>(position - static_cast<double>(whole));
    x = period[whole] + part * (period[whole + 1] - period[whole]);
    position += step;
    if (position >= points) position -= points;
  }
  return result;
}

Signal background(int kind, std::size_t length, std::uint64_t seed) {
  kit::Random random(seed);
  switch (kind) {
    case 0:
      return coloured(length, random.uniform(-0.2, 0.2), random());
    case 1:
      return coloured(length, random.uniform(0.8, 1.2), random());
    case 2: {
      Signal result = hum(length, kit::Random(random()));
      // The room's faint noise in addition to the hum.
      White white(random());
      const auto faint = static_cast<float>(std::sqrt(power(result)) * random.uniform(0.03, 0.1));
      for (float& x : result)
        x += faint * white();
      return result;
    }
    default:
      return babble(length, random());
  }
}

}  // namespace earshot::scenes
