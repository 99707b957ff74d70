#include "worker/cache/disk.hpp"

#include <array>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <earshot/error.hpp>

#include "protocol/fault.hpp"

namespace earshot::worker {

namespace fs = std::filesystem;

namespace {

class Descriptor {
 public:
  Descriptor(const fs::path& file, int flags)
      : fd_(::open(file.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  operator int() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void fail(const fs::path& file, int error) {
  throw DataError(file.string() + ": cannot be written: " + std::generic_category().message(error) +
                  (error == ENOSPC || error == EDQUOT ? "; free some space and run again" : ""));
}

bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

/// "<file>.<host>.<pid>.tmp"
std::string temporary_ending() {
  return '.' + host_name() + '.' + std::to_string(::getpid()) + ".tmp";
}

std::string in_megabytes(double bytes) {
  return std::to_string(std::llround(std::ceil(bytes / 1e6))) + " MB";
}

}  // namespace

void write_atomically(const fs::path& file, const std::vector<std::span<const std::byte>>& pieces,
                      Flush flush) {
  std::error_code ignored;
  fs::create_directories(file.parent_path(), ignored);
  const fs::path temporary = file.string() + temporary_ending();
  {
    const Descriptor descriptor(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    bool good = descriptor >= 0;
    for (const auto& piece : pieces)
      good = good && write_all(descriptor, piece);
    if (!good || (flush == Flush::yes && ::fsync(descriptor) != 0)) {
      const int error = errno;
      fs::remove(temporary, ignored);
      fail(file, error);
    }
  }
  protocol::fault_point("file-before-rename");
  if (::rename(temporary.c_str(), file.c_str()) != 0) fail(file, errno);
  if (flush == Flush::no) return;
  const Descriptor folder(file.parent_path(), O_RDONLY | O_DIRECTORY);
  if (folder < 0 || ::fsync(folder) != 0) fail(file, errno);
}

void remove_leftovers(const fs::path& folder) {
  const auto host = '.' + host_name() + '.';
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    auto name = entry.path().filename().string();
    if (!name.ends_with(".tmp")) continue;
    name.resize(name.size() - 4);
    const auto at = name.rfind(host);
    if (at == std::string::npos) continue;
    const auto pid = std::atoi(name.c_str() + at + host.size());
    if (pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH) fs::remove(entry.path(), ignored);
  }
}

void check_space(const fs::path& folder, double bytes) {
  auto existing = folder;
  while (!existing.empty() && !fs::exists(existing) && existing.has_relative_path())
    existing = existing.parent_path();
  struct statvfs info {};
  if (::statvfs(existing.empty() ? "." : existing.c_str(), &info) != 0) return;
  const auto available = static_cast<double>(info.f_bavail) * static_cast<double>(info.f_frsize);
  if (bytes > available)
    throw DataError(folder.string() + ": about " + in_megabytes(bytes) + " are needed and " +
                    in_megabytes(available) +
                    " are free on that disk; free some space, see `runner cache prune`, or name a "
                    "results folder on another disk");
}

Mapping::Mapping(const fs::path& file) {
  const Descriptor descriptor(file, O_RDONLY);
  struct stat info {};
  if (descriptor < 0 || ::fstat(descriptor, &info) != 0)
    throw std::system_error(errno, std::generic_category(), file.string());
  size_ = static_cast<std::size_t>(info.st_size);
  if (size_ == 0) return;
  void* memory = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), file.string());
  data_ = static_cast<const std::byte*>(memory);
}

Mapping::~Mapping() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace earshot::worker
