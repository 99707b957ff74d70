#pragma once
#include <cstdint>

#include <earshot/kit/random.hpp>

#include "signal.hpp"

namespace earshot::scenes {

/// White noise of variance 1, nearly Gaussian: each value is a sum of four uniform numbers taken
/// from one draw (Irwin-Hall; kurtosis 2.7 instead of 3), ten times as fast as Box-Muller.
class White {
 public:
  explicit White(std::uint64_t seed) : random_(seed) {}
  float operator()() {
    const std::uint64_t draw = random_();
    const auto sum = static_cast<std::int32_t>((draw & 0xffff) + ((draw >> 16) & 0xffff) +
                                               ((draw >> 32) & 0xffff) + (draw >> 48));
    return static_cast<float>(sum - 2 * 0xffff) * (1.7320508F / 65536);
  }

 private:
  kit::Random random_;
};

inline constexpr std::array<const char*, 4> noise_names = {"white", "pink", "hum", "babble"};

/// Background noise of a kind, of arbitrary level; everything else about it (spectral tilt, mains
/// frequency and harmonics, talkers) is drawn from `seed`.
Signal background(int kind, std::size_t length, std::uint64_t seed);

/// A mains hum: 24 harmonics of 50 or 60 Hz, up to 0.5 % off, with random decreasing amplitudes.
Signal hum(std::size_t length, kit::Random random);

}  // namespace earshot::scenes
