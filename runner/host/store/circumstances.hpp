#pragma once
#include <cstdint>
#include <vector>

#include "host/store/selected_rows.hpp"

// What the results of an experiment rest on, apart from its file.

namespace earshot::host {

/// The circumstances that some finished runs of an experiment share.
struct Circumstances {
  Json facts{};           ///< {git, host, runner, plugins, device, ...}
  std::int64_t runs = 0;  ///< number of finished runs
};

/// Those of the finished runs of a revision, the most frequent first.
/// @throws Failure (store_unusable) if the file contains invalid JSON
std::vector<Circumstances> circumstances_of(const Store& store, std::int64_t revision);

/// A row for each dataset of a revision: label, component, items of each split, what is in no item,
/// and the key.
Rows dataset_table(const Store& store, std::int64_t revision);

}  // namespace earshot::host
