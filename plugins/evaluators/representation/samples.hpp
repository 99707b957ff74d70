#pragma once
#include <cstdint>

#include <earshot/trial.hpp>

#include "crops.hpp"

namespace representation {

/// What a codec makes of the first validation items, as artifacts of the run: sample_<n>_before.wav
/// and sample_<n>_after.wav (16 bits), and sample_<n>.png with the spectrograms of both. Written
/// anew whenever they are shown: those of the state that is kept remain.
class Samples {
 public:
  /// @param count  items; 0: none
  explicit Samples(std::int64_t count) : count_(count) {}

  /// Of the centres of the clips. Nothing if the cell's encoder is not a codec or takes no audio,
  /// or the run keeps no artifacts.
  void write(earshot::Trial& trial, const Crops& crops) const;

 private:
  std::int64_t count_;
};

}  // namespace representation
