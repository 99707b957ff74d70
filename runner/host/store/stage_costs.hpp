#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "host/store/store.hpp"

// What work took and whose it was.

namespace earshot::host {

/// Whose the files of the cache are, by the key that they lie under: names of encoders whose
/// features they are, of the language model that was trained, "audio of scenes/scenes".
std::map<std::string, std::string> owners_of_cached(const Store& store);

/// Keys of the pretraining that runs stand on.
std::set<std::string> pretraining_in_use(const Store& store);

}  // namespace earshot::host
