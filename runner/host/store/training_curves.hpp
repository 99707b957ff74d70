#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "host/store/store.hpp"

namespace earshot::host {

/// One curve of a training, such as its loss.
struct TrainingCurve {
  std::int64_t position = -1;  ///< of the cell in the experiment; -1: pretraining
  std::string trained{};       ///< what pretraining trains, "encoder.bsq"; "" for a cell
  std::string state{};         ///< of the training: ok, running, failed ...
  std::string name{};          ///< "loss", "validation" ...
  /// Step and value, by step; the value is NaN if it was not finite.
  std::vector<std::pair<std::int64_t, double>> points{};
};

/// The curves of a revision: of pretraining that its cells depend on, then of each cell in its
/// order. A cell shows its ok run, or else its last attempt, even while it trains.
std::vector<TrainingCurve> training_curves(const Store& store, std::int64_t revision);

}  // namespace earshot::host
