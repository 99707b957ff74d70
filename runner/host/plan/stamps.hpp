#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/store/sqlite.hpp"

namespace earshot::host {

/// What shows, without reading it, that a file is the one it was.
struct Stamp {
  std::int64_t size = 0, mtime = 0, inode = 0;  ///< mtime in ns since 1970
  bool operator==(const Stamp&) const = default;
  Json json() const { return {size, mtime, inode}; }
};

/// Of a file or folder; nothing when it does not exist. A folder's time changes when an entry is
/// added, removed or renamed.
std::optional<Stamp> stamp_of(const std::filesystem::path& path);

/// What is remembered of files between invocations, in `<cache>/stamps.db`: the SHA-256 of their
/// content while their stamp stays, and answers of workers. Only a cache: a damaged one begins
/// anew. New entries are written by save() and by the destructor.
class StampTable {
 public:
  /// Creates the folder. @throws Failure (store_unusable)
  explicit StampTable(const std::filesystem::path& cache);
  ~StampTable();
  StampTable(const StampTable&) = delete;
  StampTable& operator=(const StampTable&) = delete;

  /// SHA-256 of a file's content. @throws std::system_error if it cannot be read.
  std::string sha256(const std::filesystem::path& file);
  /// Of a file, or of the names and contents of all files below a folder.
  std::string content(const std::filesystem::path& path);
  /// Of the names and contents of these files below a folder.
  std::string content(const std::filesystem::path& folder,
                      const std::vector<std::filesystem::path>& files);

  /// The answer to a question asked before; null if it never was. A question says all that its
  /// answer depends on.
  Json recall(const std::string& question);
  void remember(const std::string& question, const Json& answer);

  void save();
  std::int64_t hashed() const { return hashed_; }  ///< files that were read, for tests

 private:
  struct Hash {
    Stamp stamp{};
    std::string sha256{};
  };
  void load();

  std::unique_ptr<Connection> connection_;
  std::map<std::string, Hash> hashes_{}, new_hashes_{};
  std::map<std::string, Json> new_answers_{};
  std::int64_t hashed_ = 0;
};

}  // namespace earshot::host
