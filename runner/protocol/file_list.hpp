#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "protocol/stamp.hpp"

namespace earshot::protocol {

/// An audio file of a dataset as it was when an experiment was planned.
struct ListedFile {
  std::filesystem::path path{};  ///< absolute
  /// SHA-256 of its content. A file that could not be read has a unique identity instead, derived
  /// from its path: '!' and 63 digits, which is not the hash of any content.
  std::string sha256{};
  /// The stamp at the time of reading; absent if the file could not be read, or was written too
  /// shortly before.
  std::optional<Stamp> stamp{};

  bool readable() const { return !sha256.starts_with('!'); }
};

/// The identity of a file that cannot be read.
std::string unreadable_identity(const std::filesystem::path& path);

/// SHA-256 of the identities in order, which depends on the content but not on the paths.
std::string content_digest(const std::vector<ListedFile>& files);

/// A list as the bytes of a file, and back; nullopt if they are damaged.
std::string list_bytes(const std::vector<ListedFile>& files);
std::optional<std::vector<ListedFile>> parse_list(std::string_view bytes);

}  // namespace earshot::protocol
