#include "worker/cache/disk.hpp"

#include <cerrno>
#include <cmath>
#include <string>
#include <system_error>

#include <earshot/error.hpp>

namespace earshot::worker {

namespace fs = std::filesystem;

namespace {

std::string in_megabytes(double bytes) {
  return std::to_string(std::llround(std::ceil(bytes / 1e6))) + " MB";
}

}  // namespace

void write_atomically(const fs::path& file, const std::vector<std::span<const std::byte>>& pieces,
                      Flush flush) {
  const int error = base::replace_file(file, pieces, flush);
  if (error == 0) return;
  throw DataError(file.string() + ": cannot be written: " + std::generic_category().message(error) +
                  (error == ENOSPC || error == EDQUOT ? "; free some space and run again" : ""));
}

void check_space(const fs::path& folder, double bytes) {
  const auto available = base::free_bytes(folder);
  if (available && bytes > *available)
    throw DataError(folder.string() + ": about " + in_megabytes(bytes) + " are needed, but " +
                    in_megabytes(*available) +
                    " are free on that disk; free some space (see 'runner cache prune'), or choose "
                    "a results folder on another disk");
}

}  // namespace earshot::worker
