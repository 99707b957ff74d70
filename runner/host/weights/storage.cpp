#include "host/weights/storage.hpp"

#include <atomic>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hpp"
#include "base/sizes.hpp"
#include "host/base/failure.hpp"

namespace earshot::host {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& path, const std::string& what, int error) {
  auto message = path.string() + ": " + what + ": " + std::generic_category().message(error);
  if (error == ENOSPC || error == EDQUOT || error == EFBIG)
    message +=
        "; there is not enough space. Free some, or set HF_HUB_CACHE to a folder with more, and "
        "run this again; what was downloaded is kept";
  else
    message +=
        "; expected a writable folder. Set HF_HUB_CACHE to another, or ask its owner to run this";
  throw Failure(ExitCode::cells_not_ok, message);
}

/// Next to the file, for this process alone.
fs::path temporary_beside(const fs::path& file) {
  static std::atomic<int> count{0};
  return file.string() + "." + std::to_string(::getpid()) + "-" + std::to_string(++count) + ".tmp";
}

}  // namespace

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) refuse(folder, "the folder cannot be created", error.value());
}

void need_space(const fs::path& folder, std::int64_t bytes) {
  const auto room = base::free_bytes(folder);
  if (!room || *room >= static_cast<double>(bytes)) return;
  throw Failure(ExitCode::cells_not_ok,
                folder.string() + ": the disk is too full: " + base::size_text(bytes) +
                    " have to be downloaded, " + base::size_text(static_cast<std::int64_t>(*room)) +
                    " are free. Free some, or set HF_HUB_CACHE to a folder on another disk");
}

Appender::Appender(const fs::path& file) : file_(file) {
  descriptor_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  struct stat status {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0)
    refuse(file, "the file cannot be written", errno);
  size_ = status.st_size;
}

Appender::~Appender() {
  ::close(descriptor_);
}

void Appender::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) refuse(file_, "the file cannot be written", errno);
    size_ += written;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void Appender::truncate() {
  if (::ftruncate(descriptor_, 0) != 0) refuse(file_, "the file cannot be written", errno);
  size_ = 0;
}

void Appender::sync() {
  if (::fsync(descriptor_) != 0) refuse(file_, "the file cannot be written", errno);
}

FileLock::FileLock(const fs::path& file, const std::function<void()>& waiting) {
  // The previous holder may have removed it in the meantime: then the lock is on a file that no
  // other process sees.
  for (bool told = false;;) {
    descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) refuse(file, "the lock cannot be created", errno);
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return;  // this file system does not support locks
      if (!told) waiting();
      told = true;
      while (::flock(descriptor_, LOCK_EX) != 0 && errno == EINTR)
        continue;
    }
    struct stat mine {
    }, there{};
    if (::fstat(descriptor_, &mine) == 0 && ::stat(file.c_str(), &there) == 0 &&
        mine.st_ino == there.st_ino)
      return;
    ::close(descriptor_);
  }
}

FileLock::~FileLock() {
  ::close(descriptor_);
}

void rename_file(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) refuse(to, "the file cannot be put in its place", error.value());
}

void link_to(const fs::path& target, const fs::path& link) {
  make_folder(link.parent_path());
  const auto way = target.lexically_relative(link.parent_path());
  const auto temporary = temporary_beside(link);
  std::error_code error;
  fs::create_symlink(way, temporary, error);
  if (error) refuse(link, "a symbolic link cannot be created", error.value());
  rename_file(temporary, link);
}

void write_small(const fs::path& file, const std::string& content) {
  std::ifstream there(file, std::ios::binary);
  if (there && std::string(std::istreambuf_iterator<char>(there), {}) == content) return;
  make_folder(file.parent_path());
  const auto temporary = temporary_beside(file);
  Appender(temporary).append(content);
  rename_file(temporary, file);
}

}  // namespace earshot::host
