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

/// The SHA-256 of the content of files while their stamp stays, kept between invocations in
/// `<cache>/stamps.db`. Only a cache: what is damaged, or cannot be written, is computed again. New
/// hashes are written by save() and by the destructor.
///
/// The file is a line that says what it is, and then an entry for each file that was hashed, put
/// at the end: checksum, hash, stamp, path and a zero byte. The last entry of a path holds.
class HashCache {
 public:
  /// Creates the folder. @throws Failure (store_unusable) if there is none and cannot be
  explicit HashCache(const std::filesystem::path& cache);
  ~HashCache();
  HashCache(const HashCache&) = delete;
  HashCache& operator=(const HashCache&) = delete;

  /// A file with the hash of its content, and its stamp if the two surely belong together.
  /// @throws std::system_error if it cannot be read, or is not a regular file
  protocol::ListedFile look_at(const std::filesystem::path& file);
  /// SHA-256 of a file's content. @throws as look_at() does
  std::string sha256(const std::filesystem::path& file) { return look_at(file).sha256; }
  /// Hash of a file, or of the names and contents of all files below a folder.
  std::string content(const std::filesystem::path& path);
  /// What an option names, with its content; only these `files` of a folder, or all.
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
  bool rewrite_ = false;  ///< there is no file, or most of it is out of date
  std::int64_t hashed_ = 0;
};

}  // namespace earshot::host
