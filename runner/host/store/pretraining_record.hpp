#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "host/store/store.hpp"

namespace earshot::host {

/// What a results file knows about the training of a component before its experiment.
struct PretrainingRecord {
  struct Point {
    std::string curve{};
    std::int64_t step = 0;
    Json value{};  ///< null if it was not finite
  };
  std::vector<Point> ends{};  ///< the last point of each curve, by the curve's name
  /// Commits at the first run that used the training: of the experiment's repository, and that the
  /// runner was built from, with "-dirty" if there were changes; "" if unknown.
  std::string experiment_commit{}, earshot_commit{};
};

/// @param key  of the pretraining stage. Everything is empty if the file does not have it.
PretrainingRecord pretraining_record(const Store& store, const std::string& key);

}  // namespace earshot::host
