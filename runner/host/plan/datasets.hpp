#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "host/plan/components.hpp"
#include "host/plan/plugin_queries.hpp"

namespace earshot::host {

/// A dataset and what is known about its data.
struct FoundDataset {
  Resolved component{};
  protocol::ComponentRef ref{};  ///< includes what makes its sound, if it has no files
  protocol::DatasetInfo info{};
  std::string key{};           ///< "" if it is missing
  std::string file_hashes{};   ///< list of its audio files, in the cache; "": none could be written
  std::string files_digest{};  ///< of their content
  std::string missing{};       ///< why there is no data
  std::string note{};  ///< "3 of 48 audio files cannot be read, the first is x.wav: ..." or ""
  protocol::LeftOuts left_out{};  ///< what belongs to no item

  /// The dataset for a worker, with all items as they are: without a fold or limit.
  protocol::DatasetRef whole() const;
};

/// Lists datasets, each once, and hashes their audio files.
class Datasets {
 public:
  Datasets(PluginQueries& queries, HashCache& hashes, std::filesystem::path cache)
      : queries_(queries), hashes_(hashes), cache_(std::move(cache)) {}

  /// @throws Failure (usage) with the position of the dataset, if it refuses its options.
  const FoundDataset& find(const Resolved& component);
  /// "dataset 'x' leaves out 4 files or links that look like audio, such as ...", for each dataset
  /// found so far that leaves out any, and the same for rows that its options leave out.
  std::vector<std::string> notes() const;

 private:
  FoundDataset list(const Resolved& component);
  void take(const Listing& listing, FoundDataset& found);
  std::vector<protocol::ListedFile> look_at(const std::vector<std::string>& files,
                                            std::string& note);
  std::map<std::string, std::string> contents_of(FoundDataset& found);
  std::string keep_list(const std::string& key,
                        const std::vector<protocol::ListedFile>& files) const;

  PluginQueries& queries_;
  HashCache& hashes_;
  std::filesystem::path cache_;
  std::map<Resolved, FoundDataset> known_;
};

}  // namespace earshot::host
