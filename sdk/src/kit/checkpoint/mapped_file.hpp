#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace earshot::kit::checkpoint {

/// A memory-mapped file whose pages are read when they are touched. What is written to them stays
/// with this process (MAP_PRIVATE); the file is never changed. If another program shortens the file
/// while it is mapped, this process is killed by SIGBUS, as with every mapped file.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& file);  ///< @throws DataError naming the file
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::span<std::byte> bytes() const { return {data_, size_}; }

  /// Reads from the file itself, so that no page of the mapping becomes resident.
  /// @throws DataError naming the file.
  void read(std::uint64_t begin, std::span<std::byte> into) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace earshot::kit::checkpoint
