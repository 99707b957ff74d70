#pragma once
#include <filesystem>

#include "protocol/json.hpp"

namespace earshot::worker {

/// Reads every shard below <cache>/features and checks it:
/// {"shards": number, "bytes": in all, "bad": [path of a shard that would be computed again]}.
protocol::Json verify_cache(const std::filesystem::path& cache);

}  // namespace earshot::worker
