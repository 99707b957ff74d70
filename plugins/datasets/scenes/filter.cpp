#include "filter.hpp"

#include <cmath>
#include <numbers>

namespace earshot::scenes {

namespace {

struct Angle {
  double cosine, alpha;
  Angle(double frequency, double quality) {
    const double omega = 2 * std::numbers::pi * std::min(frequency, 0.49 * rate) / rate;
    cosine = std::cos(omega);
    alpha = std::sin(omega) / (2 * quality);
  }
};

}  // namespace

double power(const Signal& signal) {
  double sum = 0;
  for (const float x : signal)
    sum += double{x} * x;
  return signal.empty() ? 0 : sum / static_cast<double>(signal.size());
}

Biquad::Biquad(double b0, double b1, double b2, double a0, double a1, double a2)
    : b0_(b0 / a0), b1_(b1 / a0), b2_(b2 / a0), a1_(a1 / a0), a2_(a2 / a0) {}

Biquad Biquad::low_pass(double frequency, double quality) {
  const Angle w(frequency, quality);
  const double b = (1 - w.cosine) / 2;
  return {b, 2 * b, b, 1 + w.alpha, -2 * w.cosine, 1 - w.alpha};
}

Biquad Biquad::high_pass(double frequency, double quality) {
  const Angle w(frequency, quality);
  const double b = (1 + w.cosine) / 2;
  return {b, -2 * b, b, 1 + w.alpha, -2 * w.cosine, 1 - w.alpha};
}

Biquad Biquad::band_pass(double frequency, double quality) {
  const Angle w(frequency, quality);
  return {w.alpha, 0, -w.alpha, 1 + w.alpha, -2 * w.cosine, 1 - w.alpha};
}

Biquad Biquad::peak(double frequency, double quality, double gain_db) {
  const Angle w(frequency, quality);
  const double a = std::pow(10, gain_db / 40);
  return {1 + w.alpha * a, -2 * w.cosine, 1 - w.alpha * a,
          1 + w.alpha / a, -2 * w.cosine, 1 - w.alpha / a};
}

void Biquad::become(const Biquad& other) {
  b0_ = other.b0_, b1_ = other.b1_, b2_ = other.b2_, a1_ = other.a1_, a2_ = other.a2_;
}

void apply(Biquad filter, Signal& signal) {
  for (float& x : signal)
    x = filter(x);
}

void low_pass(double frequency, Signal& signal) {
  Biquad first = Biquad::low_pass(frequency, 0.51763809);  // 1 / (2 cos 15, 45 and 75 degrees)
  Biquad second = Biquad::low_pass(frequency, 0.70710678);
  Biquad third = Biquad::low_pass(frequency, 1.93185165);
  for (float& x : signal)
    x = third(second(first(x)));
}

}  // namespace earshot::scenes
