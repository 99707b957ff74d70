#pragma once
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// File access for both processes. Functions that write return 0 or the errno of the failure, so
// that each caller can say what was lost.

namespace earshot::base {

/// The whole content of a regular file; nullopt if it cannot be read.
std::optional<std::string> read_file(const std::filesystem::path& file);

/// Whether a file must survive a power failure, or may be damaged by one and recomputed.
enum class Flush { yes, no };

/// Writes a file atomically: a reader, on this machine or another, sees either the whole old or the
/// whole new content, whenever this process dies; with Flush::yes also whenever the machine fails.
/// Writes a temporary file next to it and renames that. Creates the folder. Fault point:
/// file-before-rename.
int replace_file(const std::filesystem::path& file,
                 const std::vector<std::span<const std::byte>>& pieces, Flush flush);
/// The same for text that can be recomputed, without a flush. Fault point: text-before-rename.
int replace_file(const std::filesystem::path& file, std::string_view text);

/// Appends bytes to a file, in a single write where the file system allows it.
int append_to_file(const std::filesystem::path& file, std::string_view bytes);

/// Deletes the temporary files in `folder` left by processes of this machine that died.
void remove_leftovers(const std::filesystem::path& folder);

/// Bytes that the user may still write to the disk that holds a folder, which need not exist yet;
/// nullopt if the system does not report it.
std::optional<double> free_bytes(std::filesystem::path folder);

/// A read-only memory-mapped file; its pages are loaded when they are touched.
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

}  // namespace earshot::base
