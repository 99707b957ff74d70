#pragma once
#include <cmath>
#include <cstdint>
#include <numbers>

namespace earshot::statistics {

/// SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"), the same
/// generator as in the SDK's kit, which this library may not include. Identical on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t operator()() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  double uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }  ///< [0, 1)
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  double normal() {  ///< mean 0, variance 1 (Box and Muller 1958)
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }
  std::int64_t below(std::int64_t n) {  ///< 0 to n - 1, unbiased; n > 0
    const auto bound = static_cast<std::uint64_t>(n);
    const std::uint64_t reject = (0 - bound) % bound;  // 2^64 mod n: these would favour 0
    std::uint64_t draw = 0;
    do {
      draw = (*this)();
    } while (draw < reject);
    return static_cast<std::int64_t>(draw % bound);
  }

 private:
  std::uint64_t state_;
};

}  // namespace earshot::statistics
