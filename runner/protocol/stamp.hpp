#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace earshot::protocol {

/// Shows that a file is unchanged, without reading it. Programs that preserve the time of the last
/// write (`cp -p`, `rsync -t`) cannot preserve the time of change (ctime).
struct Stamp {
  std::int64_t size = 0, mtime = 0, ctime = 0, inode = 0;  ///< times in ns since 1970
  bool operator==(const Stamp&) const = default;

  /// Whether its times are so far in the past that a write now would change them.
  bool settled() const;
  /// "size mtime ctime inode"
  std::string text() const;
};

/// The stamp of a file or folder; nullopt if it does not exist or cannot be examined. A folder's
/// times change when an entry is added, removed or renamed.
std::optional<Stamp> stamp_of(const std::filesystem::path& path);
std::optional<Stamp> stamp_of(const char* path);

/// Reads a Stamp::text() from the front of the text, and removes it with the space behind it.
/// nullopt if the text does not begin with one.
std::optional<Stamp> take_stamp(std::string_view& text);

}  // namespace earshot::protocol
