#pragma once
#include <filesystem>

#include "protocol/questions.hpp"

namespace earshot::worker {

/// Reads every shard below <cache>/features and checks it; one that is bad would be computed again.
protocol::CacheVerifyResult verify_cache(const std::filesystem::path& cache);

}  // namespace earshot::worker
