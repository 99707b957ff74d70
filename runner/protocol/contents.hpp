#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace earshot::protocol {

/// A file that an option names, or some or all of the files below a folder. A process walks through
/// a folder once, and again if the stamp of it or of a folder in it has changed; the stamps of
/// files are read every time.
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
};

/// How many times this process has walked through a folder, for tests.
std::int64_t folder_walks();

}  // namespace earshot::protocol
