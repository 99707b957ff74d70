#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace earshot::protocol {

/// What shows, without reading it, that a file is the one it was. The time of a change (ctime) is
/// the system's: whoever keeps the time of a write (`cp -p`, `rsync -t`) does not keep it.
struct Stamp {
  std::int64_t size = 0, mtime = 0, ctime = 0, inode = 0;  ///< times in ns since 1970
  bool operator==(const Stamp&) const = default;

  /// The later of its times lies so far back that a write now would get another.
  bool settled() const;
  /// "size mtime ctime inode"
  std::string text() const;
};

/// Of a file or folder; nothing when it does not exist or cannot be looked at. A folder's times
/// change when an entry is added, removed or renamed.
std::optional<Stamp> stamp_of(const std::filesystem::path& path);

/// What Stamp::text() gave; takes it off the front, with the space behind. Nothing when it is none.
std::optional<Stamp> take_stamp(std::string_view& text);

}  // namespace earshot::protocol
