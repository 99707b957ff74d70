#include "recorder.hpp"

#include <algorithm>
#include <cmath>

#include "filter.hpp"
#include "noise.hpp"

namespace earshot::scenes {

namespace {

constexpr double mu = 255;

float compand(float x, double steps) {
  const double compressed = std::log1p(mu * std::abs(x)) / std::log1p(mu);
  const double coded = std::round(compressed * steps) / steps;
  return static_cast<float>(std::copysign(std::expm1(coded * std::log1p(mu)) / mu, x));
}

float highest(const Signal& signal) {
  float peak = 0;
  for (const float x : signal)
    peak = std::max(peak, std::abs(x));
  return peak;
}

}  // namespace

double draw_severity(int quality, kit::Random& random) {
  return (quality + random.uniform()) / static_cast<double>(quality_names.size());
}

Recorder draw_recorder(double severity, kit::Random& random) {
  const auto scattered = [&] { return std::clamp(severity + 0.12 * random.normal(), 0.0, 1.0); };
  Recorder recorder{.severity = severity};
  recorder.low_cut = 30 * std::pow(10, scattered());
  recorder.high_cut = 7200 * std::pow(0.42, scattered());
  recorder.resonance = 800 * std::pow(5, random.uniform());
  recorder.resonance_gain = 8 * scattered() * random.uniform(-0.5, 1);
  recorder.clip_db = 10 * scattered();
  recorder.bits = 14 - 9 * scattered();
  recorder.hum_share = 0.5 * scattered();
  return recorder;
}

Signal self_noise(std::size_t length, kit::Random random) {
  Signal noise = hum(length, kit::Random(random()));
  const double level = std::sqrt(power(noise));
  const double share = random.uniform(0.2, 0.8);  // of hiss
  White white(random());
  for (float& x : noise)
    x = static_cast<float>(std::sqrt(1 - share) * x / level + std::sqrt(share) * white());
  return noise;
}

void record(const Recorder& recorder, Signal& signal) {
  apply(Biquad::high_pass(recorder.low_cut), signal);
  apply(Biquad::peak(recorder.resonance, 1.5, recorder.resonance_gain), signal);
  low_pass(recorder.high_cut, signal);
  const float limit = highest(signal) * static_cast<float>(std::pow(10, -recorder.clip_db / 20));
  if (limit <= 0) return;
  const double steps = std::pow(2, recorder.bits - 1);
  for (float& x : signal)
    x = limit * compand(std::clamp(x / limit, -1.0F, 1.0F), steps);
  low_pass(7200, signal);  // what clipping and coding made above it
}

}  // namespace earshot::scenes
