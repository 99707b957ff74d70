#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace earshot::protocol {

/// A file that an option names, or some or all of the files below a folder.
struct Contents {
  std::filesystem::path path{};
  std::vector<std::string> files{};  ///< relative to the folder `path`; none: all that there are

  /// What they hold: the SHA-256 of a file, or that over names and hashes of files in a folder.
  /// @param sha256 of one file @throws std::system_error, std::filesystem::filesystem_error
  std::string hash(const std::function<std::string(const std::filesystem::path&)>& sha256) const;

  /// The same over their stamps, which costs no reading; "" where one is missing, or was written a
  /// moment ago and cannot be trusted.
  std::string stamps() const;

 private:
  /// Names and paths, sorted by name; of a single file just that, without a name.
  std::vector<std::pair<std::string, std::filesystem::path>> named() const;
};

}  // namespace earshot::protocol
