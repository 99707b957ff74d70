#pragma once
#include <complex>
#include <cstddef>
#include <memory>
#include <vector>

#include "signal.hpp"

struct kiss_fftr_state;

namespace earshot::scenes {

/// Bins 0 to points / 2 of a real signal's spectrum.
using Spectrum = std::vector<std::complex<float>>;

/// Discrete Fourier transform of real signals of `points` samples, by kissfft on one thread: the
/// bits of LibTorch's own depend on the number of threads.
class Fourier {
 public:
  explicit Fourier(std::size_t points);  ///< an even number; fast for powers of two

  std::size_t points() const { return points_; }
  std::size_t bins() const { return points_ / 2 + 1; }

  /// Of up to points() samples, padded with zeros.
  Spectrum forward(Signal signal);
  /// The inverse, scaled by 1 / points().
  Signal back(const Spectrum& spectrum);

 private:
  using Plan = std::unique_ptr<kiss_fftr_state, void (*)(void*)>;

  std::size_t points_;
  Plan forward_, back_;
};

}  // namespace earshot::scenes
