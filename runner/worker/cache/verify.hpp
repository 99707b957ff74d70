#pragma once
#include <filesystem>

#include "protocol/questions.hpp"

namespace earshot::worker {

/// Reads and checks every shard below <cache>/features; a damaged one would be computed again.
protocol::CacheVerifyResult verify_cache(const std::filesystem::path& cache);

}  // namespace earshot::worker
