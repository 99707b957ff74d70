#pragma once
#include <cstdint>
#include <map>
#include <optional>
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

/// What a finished or attempted cell cost, and what is known about the encoder whose features it
/// read last, as in the view `cost`; empty if unknown.
struct CellCost {
  double seconds =
      0;  ///< wall time of all attempts at the cell; features are shared, and not in it
  std::optional<std::int64_t> parameters{};   ///< trainable ones of the encoder
  std::optional<double> real_time_factor{};   ///< seconds of its work per second of audio
  std::optional<double> frames_per_second{};  ///< of its features; 0: one vector per clip
  std::optional<double> bits_per_second{};    ///< of its codes at the requested levels
  std::optional<double> effective_rank{};     ///< of its features
  std::optional<std::int64_t> peak_bytes{};   ///< memory of the worker
};

/// Number of characters of a cell's key by which the view `cost` names it.
constexpr std::size_t cost_key_length = 12;

/// The costs of the cells of an experiment's latest revision, by the beginnings of their keys.
std::map<std::string, CellCost> cell_costs(const Store& store, const std::string& experiment);

/// Total duration of finished runs.
struct Cost {
  double seconds = 0;     ///< wall time
  std::int64_t runs = 0;  ///< a run that is in several experiments counts in each
};

/// By the name of their task, over all experiments.
std::map<std::string, Cost> costs_by_task(const Store& store);

}  // namespace earshot::host
