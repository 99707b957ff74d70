#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "host/plan/components.hpp"
#include "host/plan/informant.hpp"

namespace earshot::host {

/// A dataset with what its data is.
struct FoundDataset {
  const FoundComponent* component = nullptr;
  protocol::DatasetInfo info{};
  std::string key{};          ///< "" when it is missing
  std::string file_hashes{};  ///< file in the cache with the hashes of its audio files
  std::string missing{};      ///< why there is no data
  protocol::LeftOut left_out{};
};

/// Lists datasets, each once, and hashes their audio files.
class Datasets {
 public:
  Datasets(Informant& informant, StampTable& stamps, std::filesystem::path cache)
      : informant_(informant), stamps_(stamps), cache_(std::move(cache)) {}

  /// @throws Failure (usage) positioned at the dataset, for options that it refuses.
  const FoundDataset& find(const FoundComponent& component);
  /// "dataset 'x' leaves out 4 files or links that look like audio, such as ...", of those found.
  std::vector<std::string> notes() const;

 private:
  FoundDataset list(const FoundComponent& component);
  std::string write_hashes(const std::string& key, const std::string& text) const;

  Informant& informant_;
  StampTable& stamps_;
  std::filesystem::path cache_;
  std::map<const FoundComponent*, FoundDataset> known_;
};

}  // namespace earshot::host
