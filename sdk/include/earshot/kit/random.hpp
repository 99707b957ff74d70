#pragma once
#include <cstdint>

namespace earshot::kit {

/// SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"):
/// identical on every machine, any 64-bit seed will do. Satisfies UniformRandomBitGenerator, but
/// the standard distributions differ between C++ libraries: use uniform(), normal() and below()
/// instead.
class Random {
 public:
  using result_type = std::uint64_t;
  explicit Random(std::uint64_t seed) : state_(seed) {}
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }

  result_type operator()();
  double uniform();  ///< [0, 1), 53 bits
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  double normal();                     ///< mean 0, variance 1 (Box and Muller 1958)
  std::int64_t below(std::int64_t n);  ///< 0 to n - 1, unbiased; n > 0

 private:
  std::uint64_t state_;
};

/// Derives a seed for a named purpose and an index from another seed; different streams are
/// independent.
std::uint64_t derive(std::uint64_t seed, const char* stream, std::int64_t index = 0);

}  // namespace earshot::kit
