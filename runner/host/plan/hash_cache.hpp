#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/components.hpp"
#include "protocol/file_list.hpp"
#include "protocol/stamp.hpp"

namespace earshot::host {

using protocol::Stamp;
using protocol::stamp_of;

/// The SHA-256 of the content of files. A hash is valid while the stamp of its file is unchanged,
/// and is kept between invocations in `<cache>/stamps.db`. This is only a cache: entries that are
/// damaged or cannot be written are computed again. New hashes are written by save() and by the
/// destructor.
///
/// The file begins with a line that identifies it. Each file that is hashed appends an entry:
/// checksum, hash, stamp, path and a zero byte. The last entry for a path is the valid one.
class HashCache {
 public:
  /// Creates the folder. @throws Failure (store_unusable) if there is none and cannot be
  explicit HashCache(const std::filesystem::path& cache);
  ~HashCache();
  HashCache(const HashCache&) = delete;
  HashCache& operator=(const HashCache&) = delete;

  /// A file with the hash of its content, and its stamp if the two certainly belong together.
  /// @throws std::system_error if it cannot be read, or is not a regular file
  protocol::ListedFile look_at(const std::filesystem::path& file);
  /// SHA-256 of a file's content. @throws as look_at() does
  std::string sha256(const std::filesystem::path& file) { return look_at(file).sha256; }
  /// Hash of a file, or of the names and contents of all files below a folder.
  std::string content(const std::filesystem::path& path);
  /// The file or folder that an option names, with its content; of a folder all files, or only
  /// `files`.
  protocol::InputRef input(const std::filesystem::path& path,
                           const std::vector<std::filesystem::path>& files = {});

  void save();
  std::int64_t hashed() const { return hashed_; }  ///< files that were read, for tests

 private:
  struct Hash {
    Stamp stamp{};
    std::string sha256{};
  };
  using Hashes = std::map<std::string, Hash>;
  void load();

  std::filesystem::path file_;
  Hashes hashes_{}, new_hashes_{};
  bool rewrite_ = false;  ///< there is no file yet, or most of it is out of date
  std::int64_t hashed_ = 0;
};

}  // namespace earshot::host
