#pragma once
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Files as both processes read and write them. Functions that write return 0, or the errno of why
// they could not, so that each caller says in its own words what was lost.

namespace earshot::base {

/// All of a regular file; nothing when it cannot be read.
std::optional<std::string> read_file(const std::filesystem::path& file);

/// Whether a file must outlive a loss of power, or may be found damaged after one and made again.
enum class Flush { yes, no };

/// Writes a file atomically: a reader, on this machine or another, sees all of the
/// old or all of the new, whenever this process dies; with Flush::yes also whenever the machine
/// does. Writes a temporary file beside it and renames that. Creates its folder.
/// Fault point: file-before-rename.
int replace_file(const std::filesystem::path& file,
                 const std::vector<std::span<const std::byte>>& pieces, Flush flush);
/// The same for a text that can be made again, without a flush. Fault point: text-before-rename.
int replace_file(const std::filesystem::path& file, std::string_view text);

/// Puts bytes at the end of a file, in one piece where the file system can.
int append_to_file(const std::filesystem::path& file, std::string_view bytes);

/// Deletes temporary files of `folder` that processes of this machine left when they died.
void remove_leftovers(const std::filesystem::path& folder);

/// Bytes that a user may still write to the disk of a folder, which need not exist yet; nothing
/// where the system does not say.
std::optional<double> free_bytes(std::filesystem::path folder);

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

}  // namespace earshot::base
