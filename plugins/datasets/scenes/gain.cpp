#include "gain.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace earshot::scenes {

namespace {

std::size_t peak_at(const Signal& signal) {
  const auto louder = [](float a, float b) { return std::abs(a) < std::abs(b); };
  return static_cast<std::size_t>(std::max_element(signal.begin(), signal.end(), louder) -
                                  signal.begin());
}

/// Multiplies by 1 + a bump(n), the bump 1 at the highest peak, with the `a` that gives `crest`
/// (linear): peak^2 (1 + a)^2 = crest^2 mean(x^2 (1 + a bump)^2), a quadratic equation in a.
void swell(double crest, double width, Signal& signal) {
  const std::size_t centre = peak_at(signal);
  const auto half = static_cast<std::size_t>(width * rate / 2);
  const std::size_t first = centre > half ? centre - half : 0;
  const std::size_t last = std::min(signal.size(), centre + half);
  const auto bump = [&](std::size_t n) {
    const double x =
        (static_cast<double>(n) - static_cast<double>(centre)) / static_cast<double>(half);
    return 0.5 + 0.5 * std::cos(std::numbers::pi * x);
  };
  const auto count = static_cast<double>(signal.size());
  double once = 0, twice = 0;
  for (std::size_t n = first; n < last; ++n) {
    const double energy = double{signal[n]} * signal[n] / count, b = bump(n);
    once += energy * b;
    twice += energy * b * b;
  }
  const double peak = double{signal[centre]} * signal[centre];
  const double c2 = peak - crest * crest * twice, c1 = peak - crest * crest * once;
  const double c0 = peak - crest * crest * power(signal);  // negative: too low a crest factor
  if (c0 >= 0 || c2 <= 0) return;
  const double a = (-c1 + std::sqrt(c1 * c1 - c2 * c0)) / c2;
  for (std::size_t n = first; n < last; ++n)
    signal[n] *= static_cast<float>(1 + a * bump(n));
}

/// Keeps |x| at or below `threshold` by a gain that falls within 1 ms before a peak and recovers
/// within some 20 ms.
void limit(float threshold, Signal& signal) {
  constexpr std::size_t ahead = 16;
  const auto release = static_cast<float>(std::exp(-1 / (0.008 * rate)));
  Signal gain(signal.size());
  float wanted = 1;
  for (std::size_t n = 0; n < signal.size(); ++n) {
    const float size = std::abs(signal[n]);
    wanted = std::min(size > threshold ? threshold / size : 1.0F, 1 - release * (1 - wanted));
    gain[n] = wanted;
  }
  for (std::size_t n = signal.size(); n-- > 0;) {  // and down towards a peak, in a straight line
    const float next = n + 1 < signal.size() ? gain[n + 1] : 1;
    gain[n] = std::min(gain[n], next + 1.0F / ahead);
  }
  for (std::size_t n = 0; n < signal.size(); ++n)
    signal[n] *= gain[n];
}

void set_crest_factor(double decibels, double width, Signal& signal) {
  const double crest = std::pow(10, decibels / 20);
  // Less power lowers the threshold, which takes more power: a few rounds settle it.
  for (int round = 0; round < 8 && crest_factor(signal) > decibels + 0.05; ++round)
    limit(static_cast<float>(crest * std::sqrt(power(signal))), signal);
  // Where one swell would have to be too narrow, a second adds to the first.
  for (int round = 0; round < 4 && crest_factor(signal) < decibels - 0.05; ++round, width /= 2)
    swell(crest, width, signal);
}

}  // namespace

double crest_factor(const Signal& signal) {
  return 20 * std::log10(std::abs(signal[peak_at(signal)]) / std::sqrt(power(signal)));
}

void set_level(Signal& signal, kit::Random random) {
  const double crest = random.uniform(19, 23), width = random.uniform(0.4, 0.9);
  const double level = random.uniform(-55, -25);
  if (power(signal) == 0) return;
  set_crest_factor(crest, width, signal);
  const auto gain = static_cast<float>(std::pow(10, level / 20) / std::sqrt(power(signal)));
  for (float& x : signal)
    x *= gain;
}

}  // namespace earshot::scenes
