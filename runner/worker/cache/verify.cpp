#include "worker/cache/verify.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "worker/cache/shard.hpp"

namespace earshot::worker {

protocol::Json verify_cache(const std::filesystem::path& cache) {
  namespace fs = std::filesystem;
  std::vector<std::string> bad;
  std::uint64_t shards = 0, bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(cache / "features", error), end;
       !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() != ".shard") continue;
    ++shards;
    try {
      bytes += Shard(entry->path(), entry->path().stem().string()).file_bytes();
    } catch (const BadShard&) {
      bad.push_back(entry->path().string());
    }
  }
  std::sort(bad.begin(), bad.end());
  return {{"shards", shards}, {"bytes", bytes}, {"bad", bad}};
}

}  // namespace earshot::worker
