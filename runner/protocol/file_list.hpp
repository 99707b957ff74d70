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
  /// SHA-256 of its content. Of a file that could not be read an identity of its own, made of its
  /// path: '!' and 63 digits, which no content has.
  std::string sha256{};
  /// When the content was read; none where it could not be, or was written too short before.
  std::optional<Stamp> stamp{};

  bool readable() const { return !sha256.starts_with('!'); }
};

/// The identity of a file that cannot be read.
std::string unreadable_identity(const std::filesystem::path& path);

/// SHA-256 over the identities in order: of the content, never of where it lies.
std::string content_digest(const std::vector<ListedFile>& files);

/// A list as bytes, for a file; and back. Nothing when they are damaged.
std::string list_bytes(const std::vector<ListedFile>& files);
std::optional<std::vector<ListedFile>> parse_list(std::string_view bytes);

}  // namespace earshot::protocol
