#pragma once
#include <string>
#include <vector>

#include "host/plan/planner.hpp"
#include "host/weights/lookup.hpp"

namespace earshot::host {

/// Weights that components of an experiment name.
struct NeededWeights {
  Weights weights{};
  std::vector<std::string> users{};  ///< "encoder mimi_full", each once
};

/// The weights that cells need which are neither excluded nor left out by `overrides`, in the order
/// of their first use, each once, "random" included. Reads no weights, and lists a dataset only if
/// the matrix asks for all its folds.
/// @throws Failure (usage) positioned in the file
std::vector<NeededWeights> needed_weights(const Experiment& experiment, const Overrides& overrides,
                                          const Catalog& catalog, PluginQueries& queries,
                                          HashCache& hashes, const std::filesystem::path& cache);

}  // namespace earshot::host
