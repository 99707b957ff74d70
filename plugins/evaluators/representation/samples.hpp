#pragma once
#include <cstdint>

#include <earshot/trial.hpp>

#include "crops.hpp"

namespace representation {

/// What a codec makes of the first validation items, as artifacts of the run (leave_sample():
/// "sample_<n>"). Written anew whenever they are shown: those of the state that is kept remain. The
/// curve `samples` says at which steps, and how many there were.
class Samples {
 public:
  /// @param count  items; 0: none
  explicit Samples(std::int64_t count) : count_(count) {}

  /// Of the centres of the clips. Nothing if the cell's encoder is not a codec or takes no audio,
  /// or the run keeps no artifacts.
  /// @param step  of the training
  void write(earshot::Trial& trial, const Crops& crops, std::int64_t step) const;

 private:
  std::int64_t count_;
};

}  // namespace representation
