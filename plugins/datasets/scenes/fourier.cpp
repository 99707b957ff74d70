#include "fourier.hpp"

#include <cmath>
#include <numbers>
#include <utility>

namespace earshot::scenes {

void transform(Complex& signal) {
  const std::size_t size = signal.size();
  std::vector<float> cosine(size / 2), sine(size / 2);
  for (std::size_t k = 0; k < size / 2; ++k) {
    const double angle = -2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(size);
    cosine[k] = static_cast<float>(std::cos(angle));
    sine[k] = static_cast<float>(std::sin(angle));
  }
  Complex other(size);
  for (std::size_t half = size / 2, stride = 1; half >= 1; half /= 2, stride *= 2) {
    for (std::size_t j = 0; j < half; ++j) {
      const float c = cosine[j * stride], s = sine[j * stride];
      const float* ar = &signal.real[j * stride];
      const float* ai = &signal.imaginary[j * stride];
      const float* br = ar + half * stride;
      const float* bi = ai + half * stride;
      float* __restrict sum_r = &other.real[2 * j * stride];
      float* __restrict sum_i = &other.imaginary[2 * j * stride];
      float* __restrict difference_r = sum_r + stride;
      float* __restrict difference_i = sum_i + stride;
      for (std::size_t k = 0; k < stride; ++k) {
        const float dr = ar[k] - br[k], di = ai[k] - bi[k];
        sum_r[k] = ar[k] + br[k];
        sum_i[k] = ai[k] + bi[k];
        difference_r[k] = dr * c - di * s;
        difference_i[k] = dr * s + di * c;
      }
    }
    std::swap(signal, other);
  }
}

void transform_back(Complex& spectrum) {
  // With real and imaginary part exchanged before and after, the forward transform is the inverse.
  std::swap(spectrum.real, spectrum.imaginary);
  transform(spectrum);
  std::swap(spectrum.real, spectrum.imaginary);
  const float scale = 1 / static_cast<float>(spectrum.size());
  for (auto* part : {&spectrum.real, &spectrum.imaginary})
    for (float& x : *part)
      x *= scale;
}

}  // namespace earshot::scenes
