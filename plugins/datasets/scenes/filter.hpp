#pragma once
#include "signal.hpp"

namespace earshot::scenes {

/// A second-order section at `rate`, with coefficients from R. Bristow-Johnson, "Cookbook formulae
/// for audio equalizer biquad filter coefficients" (W3C note, 2021); transposed direct form II.
class Biquad {
 public:
  static Biquad low_pass(double frequency, double quality = 0.70710678);
  static Biquad high_pass(double frequency, double quality = 0.70710678);
  static Biquad band_pass(double frequency, double quality);  ///< 0 dB at `frequency` (Hz)
  static Biquad peak(double frequency, double quality, double gain_db);

  float operator()(float x) {
    const double y = b0_ * x + s1_;
    s1_ = b1_ * x - a1_ * y + s2_;
    s2_ = b2_ * x - a2_ * y;
    return static_cast<float>(y);
  }

  /// Changes the coefficients but keeps the state: for time-varying filters.
  void become(const Biquad& other);

 private:
  Biquad(double b0, double b1, double b2, double a0, double a1, double a2);
  double b0_, b1_, b2_, a1_, a2_;
  double s1_ = 0, s2_ = 0;
};

void apply(Biquad filter, Signal& signal);

/// 6th-order Butterworth filter as three sections: 36 dB per octave.
void low_pass(double frequency, Signal& signal);

}  // namespace earshot::scenes
