#include "fourier.hpp"

#include <cstdlib>
#include <new>

#include <kiss_fftr.h>

namespace earshot::scenes {

namespace {

kiss_fftr_state* plan(std::size_t points, bool inverse) {
  auto* result = kiss_fftr_alloc(static_cast<int>(points), inverse ? 1 : 0, nullptr, nullptr);
  if (result == nullptr) throw std::bad_alloc();
  return result;
}

}  // namespace

Fourier::Fourier(std::size_t points)
    : points_(points),
      forward_(plan(points, false), std::free),
      back_(plan(points, true), std::free) {}

Spectrum Fourier::forward(Signal signal) {
  signal.resize(points_, 0.0F);
  Spectrum spectrum(bins());
  kiss_fftr(forward_.get(), signal.data(), reinterpret_cast<kiss_fft_cpx*>(spectrum.data()));
  return spectrum;
}

Signal Fourier::back(const Spectrum& spectrum) {
  Signal signal(points_);
  kiss_fftri(back_.get(), reinterpret_cast<const kiss_fft_cpx*>(spectrum.data()), signal.data());
  for (float& x : signal)
    x /= static_cast<float>(points_);
  return signal;
}

}  // namespace earshot::scenes
