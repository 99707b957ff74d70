#pragma once
#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "base/files.hpp"

namespace earshot::worker {

using base::Flush;
using base::Mapping;
using base::remove_leftovers;

/// base::replace_file(). @throws DataError "<file>: cannot be written: No space left on device;
/// ..."
void write_atomically(const std::filesystem::path& file,
                      const std::vector<std::span<const std::byte>>& pieces,
                      Flush flush = Flush::yes);

/// @throws DataError naming both sizes if the disk that holds `folder` has less than `bytes` free.
/// The folder need not exist yet.
void check_space(const std::filesystem::path& folder, double bytes);

}  // namespace earshot::worker
