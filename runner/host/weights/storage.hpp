#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace earshot::host {

// Files in the hub's cache. All functions throw a Failure (cells_not_ok) that names the file, the
// reason and what to do: a full disk, or a folder that is read-only or belongs to another user.

void make_folder(const std::filesystem::path& folder);

/// @throws Failure if the disk that holds `folder` has less than `bytes` free
void need_space(const std::filesystem::path& folder, std::int64_t bytes);

/// Writes a file, or appends to it. What was written stays after destruction.
class Appender {
 public:
  explicit Appender(const std::filesystem::path& file);
  ~Appender();
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;

  std::int64_t size() const { return size_; }
  void append(std::string_view bytes);
  void truncate();  ///< to length 0
  void sync();      ///< flushes to the disk

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

/// Keeps `file` locked between processes (flock, as in Python's filelock) during its lifetime.
class FileLock {
 public:
  /// @param waiting is called before waiting, if another process holds the lock
  FileLock(const std::filesystem::path& file, const std::function<void()>& waiting);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

void rename_file(const std::filesystem::path& from, const std::filesystem::path& to);

/// Makes `link` a relative symbolic link to `target`, atomically replacing what is there.
void link_to(const std::filesystem::path& target, const std::filesystem::path& link);

/// Writes a small file in one step, unless it already has this content.
void write_small(const std::filesystem::path& file, const std::string& content);

}  // namespace earshot::host
