#include "worker/cache/verify.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "worker/cache/shard.hpp"

namespace earshot::worker {

protocol::CacheVerifyResult verify_cache(const std::filesystem::path& cache) {
  namespace fs = std::filesystem;
  protocol::CacheVerifyResult result;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(cache / "features", error), end;
       !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() != ".shard") continue;
    ++result.shards;
    try {
      const Shard shard(entry->path(), entry->path().stem().string());
      result.bytes += static_cast<std::int64_t>(shard.file_bytes());
    } catch (const BadShard&) {
      result.bad.push_back(entry->path().string());
    }
  }
  std::sort(result.bad.begin(), result.bad.end());
  return result;
}

}  // namespace earshot::worker
