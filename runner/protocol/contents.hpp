#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace earshot::protocol {

/// A file that an option names, or some or all of the files below a folder.
struct Contents {
  std::filesystem::path path{};
  std::vector<std::string> files{};  ///< relative to the folder `path`; empty: all files

  /// A hash of the content: the SHA-256 of a file, or of the names and hashes of files in a folder.
  /// @param sha256 returns the hash of one file @throws std::system_error,
  /// std::filesystem::filesystem_error
  std::string hash(const std::function<std::string(const std::filesystem::path&)>& sha256) const;

  /// The same for the stamps, which needs no reading; "" if a file is missing, or was written so
  /// recently that its stamp is unreliable.
  std::string stamps() const;

 private:
  /// Names and paths, sorted by name; a single file has no name.
  std::vector<std::pair<std::string, std::filesystem::path>> named() const;
};

}  // namespace earshot::protocol
