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
  /// The key of the features (without the clip), of the pretraining, or of the dataset.
  std::string key{};
  std::int64_t bytes = 0;
  /// When it was last read or written, as precisely as the file system records it (relatime: a
  /// day).
  std::time_t used = 0;
};

/// All files of the cache, the least recently used first. Empty if there is no cache.
std::vector<CachedFile> cached_files(const std::filesystem::path& cache);

/// Marks files as in use while it exists and its process lives, by a shared lock on a file next to
/// them. Pruning takes an exclusive lock.
class CacheUse {
 public:
  CacheUse() = default;
  /// Marks what cells of the plan will read: features, pretrained encoders, synthesized audio.
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
  std::vector<std::string> in_use{};  ///< keys that were kept because a running plan uses them
};

/// Deletes files, the least recently used first, until at most `most` bytes are left. Encoders
/// whose pretraining is in `kept` stay, since training takes long, whereas features are soon
/// computed again.
/// @throws Failure (usage) if a file cannot be deleted.
Pruned prune_cache(const std::filesystem::path& cache, std::int64_t most,
                   const std::set<std::string>& kept = {});

}  // namespace earshot::host
