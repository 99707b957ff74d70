#include "gain.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace earshot::scenes {

namespace {

/// Values of a signal between its samples, which are often higher than the samples: an encoder with
/// a higher rate sees them. Windowed sincs at quarters of a sample.
class Between {
 public:
  Between() {
    for (int quarter = 1; quarter < 4; ++quarter)
      for (int tap = 0; tap < 2 * half; ++tap) {
        const double x = tap - half + 1 - quarter / 4.0;
        kernel_[quarter - 1][tap] =
            static_cast<float>((0.5 + 0.5 * std::cos(std::numbers::pi * x / half)) *
                               std::sin(std::numbers::pi * x) / (std::numbers::pi * x));
      }
  }

  /// The largest magnitude from sample n to just before the next.
  float largest(const Signal& signal, std::size_t n) const {
    float size = std::abs(signal[n]);
    if (n + 1 < half || n + half >= signal.size()) return size;
    for (const auto& kernel : kernel_) {
      float sum = 0;
      for (std::size_t tap = 0; tap < 2 * half; ++tap)
        sum += kernel[tap] * signal[n + 1 - half + tap];
      size = std::max(size, std::abs(sum));
    }
    return size;
  }

 private:
  static constexpr int half = 12;
  float kernel_[3][2 * half];
};

/// The largest magnitudes around each sample, exact if they exceed `least`; otherwise the sample's
/// own.
Signal sizes(const Signal& signal, float least) {
  static const Between between;
  Signal result(signal.size());
  for (std::size_t n = 0; n < signal.size(); ++n)
    result[n] = std::abs(signal[n]);
  for (std::size_t n = 0; n + 1 < signal.size(); ++n) {
    // A band-limited signal rarely doubles between two samples.
    if (2 * std::max(std::abs(signal[n]), std::abs(signal[n + 1])) < least) continue;
    const float size = between.largest(signal, n);
    result[n] = std::max(result[n], size);
    result[n + 1] = std::max(result[n + 1], size);
  }
  return result;
}

struct Peak {
  std::size_t place;
  float size;
};
Peak peak_of(const Signal& signal) {
  float highest = 0;
  for (const float x : signal)
    highest = std::max(highest, std::abs(x));
  const Signal all = sizes(signal, highest);
  const auto place = std::max_element(all.begin(), all.end());
  return {static_cast<std::size_t>(place - all.begin()), *place};
}

/// Multiplies by 1 + a bump(n), the bump 1 at the highest peak, with the `a` that gives `crest`
/// (linear): peak^2 (1 + a)^2 = crest^2 mean(x^2 (1 + a bump)^2), a quadratic equation in a.
void swell(double crest, double width, Signal& signal) {
  const Peak highest = peak_of(signal);
  const std::size_t centre = highest.place;
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
  const double peak = double{highest.size} * highest.size;
  const double c2 = peak - crest * crest * twice, c1 = peak - crest * crest * once;
  const double c0 = peak - crest * crest * power(signal);  // negative: the crest factor is too low
  if (c0 >= 0 || c2 <= 0) return;
  const double a = (-c1 + std::sqrt(c1 * c1 - c2 * c0)) / c2;
  for (std::size_t n = first; n < last; ++n)
    signal[n] *= static_cast<float>(1 + a * bump(n));
}

/// Keeps magnitudes at or below `threshold` by a gain that falls within 1 ms before a peak and
/// recovers within about 20 ms.
void limit(float threshold, Signal& signal) {
  constexpr std::size_t ahead = 16;
  const auto release = static_cast<float>(std::exp(-1 / (0.008 * rate)));
  const Signal size_at = sizes(signal, threshold);
  Signal gain(signal.size());
  float wanted = 1;
  for (std::size_t n = 0; n < signal.size(); ++n) {
    const float size = size_at[n];
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
  // Less power lowers the threshold, which in turn removes more power: a few rounds converge.
  for (int round = 0; round < 8 && crest_factor(signal) > decibels + 0.05; ++round)
    limit(static_cast<float>(crest * std::sqrt(power(signal))), signal);
  // If a single swell would have to be too narrow, a second one is added.
  for (int round = 0; round < 4 && crest_factor(signal) < decibels - 0.05; ++round, width /= 2)
    swell(crest, width, signal);
}

}  // namespace

double crest_factor(const Signal& signal) {
  return 20 * std::log10(peak_of(signal).size / std::sqrt(power(signal)));
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
