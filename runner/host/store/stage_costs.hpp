#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "host/store/store.hpp"

// How long work took, and for which components.

namespace earshot::host {

/// Whose the files of the cache are, by the key that they lie under: names of encoders whose
/// features they are, of the language model that was trained, "audio of scenes/scenes".
std::map<std::string, std::string> owners_of_cached(const Store& store);

/// Keys of the pretraining that runs stand on.
std::set<std::string> pretraining_in_use(const Store& store);

/// Whether the stage with this key has been done.
bool is_done(const Store& store, const std::string& stage_key);

/// Total time of finished runs.
struct Cost {
  double seconds = 0;     ///< wall time
  std::int64_t runs = 0;  ///< a run that is in several experiments counts in each
};

/// By the name of their task, in whatever experiment.
std::map<std::string, Cost> costs_by_task(const Store& store);

}  // namespace earshot::host
