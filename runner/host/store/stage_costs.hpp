#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "host/store/store.hpp"

// The duration of work, and the components that it was done for.

namespace earshot::host {

/// The owners of the cache's files, by key: the encoders of features, the language model that was
/// trained, "audio of scenes/scenes".
std::map<std::string, std::string> owners_of_cached(const Store& store);

/// Keys of the pretraining stages that runs depend on.
std::set<std::string> pretraining_in_use(const Store& store);

/// Whether the stage with this key has been done.
bool is_done(const Store& store, const std::string& stage_key);

/// Total duration of finished runs.
struct Cost {
  double seconds = 0;     ///< wall time
  std::int64_t runs = 0;  ///< a run that is in several experiments counts in each
};

/// By the name of their task, over all experiments.
std::map<std::string, Cost> costs_by_task(const Store& store);

}  // namespace earshot::host
