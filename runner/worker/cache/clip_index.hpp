#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace earshot::worker {

/// Where the features of a dataset's items are in the cache, for programs that read features
/// without opening the dataset (results/earshot.py; "Features" in results/README.md). Earshot
/// itself does not read it.
struct ClipIndex {
  std::vector<std::string> shards{};  ///< keys, in the order of the clips
  /// Numbers of the first and second clip of each item by its position in the dataset; -1: none, or
  /// left out by a limit.
  std::vector<std::array<std::int64_t, 2>> items{};
};

/// Writes <cache>/features/<source key>/<dataset key>.clips unless it is there:
/// {"shards": [...], "items": [[0], [1, 2], ...]}. If a limit leaves items out, the name also has a
/// hash of the shards. A cache that cannot be written is no error, since nothing needs the file.
void write_clip_index(const std::filesystem::path& cache, const std::string& source_key,
                      const std::string& dataset_key, bool limited, const ClipIndex& index);

}  // namespace earshot::worker
