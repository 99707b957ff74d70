#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "host/weights/source.hpp"

namespace earshot::host {

/// Location of the weights that an experiment names.
struct Weights {
  std::string source{};   ///< as written
  std::string path{};     ///< file or folder, absolute; "" if random or missing
  std::string missing{};  ///< why there are none; "" if there are
  /// The files at and next to `path` that affect results: those named by checkpoint_files(),
  /// weights last. Empty: all files below `path`.
  std::vector<std::filesystem::path> files{};
};

/// `source` is "random", a path (relative to `base`), or "hf://owner/repo[/file][@revision]", which
/// is looked up in the local Hugging Face cache without network access.
/// @throws Failure (usage) for a malformed hf:// source
Weights find_weights(const std::string& source, const std::string& base);

/// The folder of a repository in the cache, models--<owner>--<repo>. It has blobs/<etag>,
/// refs/<revision>, which contains a commit, and snapshots/<commit>/<file>, which are relative
/// links to blobs.
std::filesystem::path repository_folder(const std::filesystem::path& cache,
                                        const HubSource& source);

/// snapshots/<commit> for the commit that the cache records for the revision; "" if it records
/// none.
std::filesystem::path snapshot_folder(const std::filesystem::path& cache, const HubSource& source);

/// Like find_weights(), in a cache. Weights without a configuration count as complete, too: the
/// cache does not tell which other files the repository has.
Weights find_in_cache(const std::filesystem::path& cache, const HubSource& source);

}  // namespace earshot::host
