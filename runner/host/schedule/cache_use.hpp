#pragma once
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "host/plan/plan.hpp"

namespace earshot::host {

/// A file of the cache: `<cache>/features/<key>/<shard>.shard`, `<cache>/pretrained/<key>/
/// {encoder,language_model}.state`, or `<cache>/audio/<key>/<clip>.flac`.
struct CachedFile {
  std::filesystem::path file{};
  /// Keys: of the features, apart from the clip; of the pretraining; of the dataset.
  std::string key{};
  std::int64_t bytes = 0;
  /// When it was last read or written, as far as the file system keeps that (relatime: to a day).
  std::time_t used = 0;
};

/// All of them, the least recently used first. Empty if there is no cache.
std::vector<CachedFile> cached_files(const std::filesystem::path& cache);

/// Says that files are in use, as long as it lives or its process does: by a shared lock on a file
/// next to them. Pruning takes an exclusive lock.
class CacheUse {
 public:
  CacheUse() = default;
  /// What cells of the plan will read: features, pretrained encoders, synthesized audio.
  CacheUse(const std::filesystem::path& cache, const Plan& plan);
  ~CacheUse();
  CacheUse(const CacheUse&) = delete;
  CacheUse& operator=(const CacheUse&) = delete;

 private:
  std::vector<int> locks_{};
};

struct Pruned {
  std::int64_t files = 0, bytes = 0;  ///< deleted
  std::int64_t kept = 0;              ///< bytes left
  std::vector<std::string> in_use{};  ///< keys that had to stay because a plan is running on them
};

/// Deletes files, those used longest ago first, until at most `most` bytes are left; but no encoder
/// whose pretraining is in `kept`, since training takes long and features are soon computed again.
/// @throws Failure (usage) if a file cannot be deleted.
Pruned prune_cache(const std::filesystem::path& cache, std::int64_t most,
                   const std::set<std::string>& kept = {});

}  // namespace earshot::host
