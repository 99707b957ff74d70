#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "host/weights/source.hpp"

namespace earshot::host {

/// Where weights are that an experiment names.
struct Weights {
  std::string source{};   ///< as written
  std::string path{};     ///< file or folder, absolute; "" when random or missing
  std::string missing{};  ///< why there are none; "" when there are
  /// What of `path`, and beside it, decides results: those files that checkpoint_files() names, the
  /// weights last. Empty: all files below `path`.
  std::vector<std::filesystem::path> files{};
};

/// `source` is "random", a path (relative to `base`), or "hf://owner/repo[/file][@revision]", which
/// is looked up in the local Hugging Face cache without network.
/// @throws Failure (usage) for an hf:// source that is none
Weights find_weights(const std::string& source, const std::string& base);

/// The folder of a repository in the cache, models--<owner>--<repo>. It has blobs/<etag>,
/// refs/<revision> with a commit in it, and snapshots/<commit>/<file>, relative links to blobs.
std::filesystem::path repository_folder(const std::filesystem::path& cache,
                                        const HubSource& source);

/// snapshots/<commit> of the commit that the cache knows for the revision; "" when it knows none.
std::filesystem::path snapshot_folder(const std::filesystem::path& cache, const HubSource& source);

/// The same as find_weights() in a cache. Complete are weights without configuration too: the
/// cache does not say what else the repository has.
Weights find_in_cache(const std::filesystem::path& cache, const HubSource& source);

}  // namespace earshot::host
