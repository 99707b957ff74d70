#include "recorder.hpp"

#include <algorithm>
#include <cmath>

#include "filter.hpp"
#include "noise.hpp"

namespace earshot::scenes {

namespace {

constexpr float mu = 255;

/// Compands to `steps` levels of each sign and expands again.
class Compander {
 public:
  explicit Compander(double steps) : steps_(static_cast<float>(steps)) {
    for (double code = 0; code <= std::ceil(steps); ++code)
      level_.push_back(static_cast<float>(std::expm1(code / steps * std::log1p(mu)) / mu));
  }
  float operator()(float x) const {
    const float code = std::log(1 + mu * std::abs(x)) * (steps_ / std::log(1 + mu));
    return std::copysign(level_[static_cast<std::size_t>(code + 0.5F)], x);
  }

 private:
  float steps_;
  Signal level_{};
};

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
  const auto scattered = [&] { return std::clamp(severity + 0.14 * random.normal(), 0.0, 1.0); };
  Recorder recorder{.severity = severity};
  recorder.low_cut = 30 * std::pow(6, scattered());
  recorder.high_cut = 7200 * std::pow(0.6, scattered());
  recorder.resonance = 800 * std::pow(5, random.uniform());
  recorder.resonance_gain = 4 * scattered() * random.uniform(-0.5, 1);
  recorder.clip_db = 5 * scattered();
  recorder.bits = 14 - 7 * scattered();
  recorder.hum_share = 0.5 * scattered();
  return recorder;
}

Signal self_noise(std::size_t length, kit::Random random) {
  Signal noise = hum(length, kit::Random(random()));
  const double level = std::sqrt(power(noise));
  const double share = random.uniform(0.2, 0.8);  // share of the hiss
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
  const Compander compand(std::pow(2, recorder.bits - 1));
  for (float& x : signal)
    x = limit * compand(std::clamp(x / limit, -1.0F, 1.0F));
  low_pass(7200, signal);  // removes what clipping and coding added above it
}

}  // namespace earshot::scenes
