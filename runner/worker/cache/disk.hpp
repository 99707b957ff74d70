#pragma once
#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

namespace earshot::worker {

/// Whether a file must outlive a loss of power, or may be found damaged after one and made again.
enum class Flush { yes, no };

/// Writes `pieces` one after the other: to a temporary file beside it, which is then renamed, so
/// that a reader sees all of the file or none, whenever this process dies; with Flush::yes also
/// whenever the machine does.
/// Fault point: file-before-rename.
/// @throws DataError "<file>: cannot be written: No space left on device; ..."
void write_atomically(const std::filesystem::path& file,
                      const std::vector<std::span<const std::byte>>& pieces,
                      Flush flush = Flush::yes);

/// Deletes temporary files of `folder` that processes of this machine left when they died.
void remove_leftovers(const std::filesystem::path& folder);

/// @throws DataError naming both sizes if the disk of `folder` has less than `bytes` free. The
/// folder need not exist yet.
void check_space(const std::filesystem::path& folder, double bytes);

/// A file in memory, read-only; its pages are loaded when they are touched.
class Mapping {
 public:
  explicit Mapping(const std::filesystem::path& file);  ///< @throws std::system_error
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace earshot::worker
