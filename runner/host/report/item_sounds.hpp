#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/base/ask.hpp"
#include "host/base/worker_process.hpp"
#include "host/plan/planner.hpp"
#include "host/store/store.hpp"

namespace earshot::host {

/// The audio of an item.
struct ItemSound {
  std::vector<std::string> clips{};  ///< FLAC, one for each of its one or two clips
  std::string lost{};                ///< why it cannot be read, and then there are no clips; or ""
};

/// Reads the audio of items that results are about. Only a dataset's plugin can: a worker is asked,
/// which is kept for the next question. The dataset is found in the file of an experiment on it, as
/// for `runner listen`, and must have the key that the results know: then its items and the content
/// of their audio are what the results were made with.
class ItemSounds {
 public:
  /// @param settings  for finding datasets
  /// @param longest   time that a worker may take to open a dataset, and for each item
  explicit ItemSounds(PlanSettings settings,
                      std::chrono::milliseconds longest = std::chrono::minutes(1));
  ~ItemSounds();
  ItemSounds(const ItemSounds&) = delete;
  ItemSounds& operator=(const ItemSounds&) = delete;

  /// The audio of items of the dataset with this key, in their order.
  /// @param items  positions in the dataset
  /// @throws Failure (usage) if the dataset cannot be found or has changed; Failure (cells_not_ok)
  /// if the worker dies or does not answer in time
  std::vector<ItemSound> read(const Store& store, const std::string& dataset_key,
                              const std::vector<std::int64_t>& items);

 private:
  const protocol::DatasetRef& find(const Store& store, const std::string& dataset_key);

  PlanSettings settings_;
  AskLimits limits_;
  std::unique_ptr<KnownPlugins> plugins_{};
  std::map<std::string, protocol::DatasetRef> found_{};  ///< by key
  std::unique_ptr<WorkerProcess> worker_{};
};

}  // namespace earshot::host
