#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "host/analyse/observations.hpp"
#include "host/store/experiment_design.hpp"

namespace earshot::host {

/// How precisely pairs of finished runs on a dataset could be told apart.
struct ObservedPairs {
  std::int64_t pairs = 0;    ///< number of pairs of encoders in one task; 0: nothing is known
  double item_variance = 0;  ///< median of items x squared standard error of their difference
};

ObservedPairs observed_pairs(const std::vector<TestRun>& runs, const Observations& observations);

/// From the accuracy of runs of any experiment on the dataset with this key, and of the
/// experiment's own earlier runs on a dataset with this label. Uses at most 40 pairs.
ObservedPairs observed_pairs(const Store& store, const std::string& experiment,
                             const std::string& dataset_key, const std::string& dataset_label);

}  // namespace earshot::host
