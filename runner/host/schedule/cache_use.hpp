#pragma once
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "host/plan/plan.hpp"

namespace earshot::host {

/// A file of the cache: `<cache>/features/<key>/<shard>.shard`, or `<cache>/pretrained/<key>/
/// {encoder,language_model}.state`.
struct CachedShard {
  std::filesystem::path file{};
  std::string key{};  ///< of the features: what they are besides the clip; or of the pretraining
  std::int64_t bytes = 0;
  /// When it was last read or written, as far as the file system keeps that (relatime: to a day).
  std::time_t used = 0;
};

/// All shards and pretrained encoders, the one used longest ago first. Empty when there is no
/// cache.
std::vector<CachedShard> cached_shards(const std::filesystem::path& cache);

/// Says that features are in use, as long as it lives or its process does: by a shared lock on a
/// file beside the shards. Whoever prunes asks for that lock alone.
class CacheUse {
 public:
  CacheUse() = default;
  /// Of all features and pretrained encoders that cells of the plan will read.
  CacheUse(const std::filesystem::path& cache, const Plan& plan);
  ~CacheUse();
  CacheUse(const CacheUse&) = delete;
  CacheUse& operator=(const CacheUse&) = delete;

 private:
  std::vector<int> locks_{};
};

struct Pruned {
  std::int64_t shards = 0, bytes = 0;  ///< deleted
  std::int64_t kept = 0;               ///< bytes left
  std::vector<std::string> in_use{};   ///< keys that had to stay because a plan is running on them
};

/// Deletes shards, those used longest ago first, until at most `most` bytes are left; and likewise
/// encoders whose pretraining is not in `kept`, since training is dear and features are cheap.
/// @throws Failure (usage) if a file cannot be deleted.
Pruned prune_cache(const std::filesystem::path& cache, std::int64_t most,
                   const std::set<std::string>& kept = {});

}  // namespace earshot::host
