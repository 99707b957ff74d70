#include "base/files.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fault.hpp"

namespace earshot::base {

namespace fs = std::filesystem;

namespace {

class Descriptor {
 public:
  Descriptor(const fs::path& file, int flags)
      : fd_(::open(file.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  operator int() const { return fd_; }

  /// @returns 0 or an errno: a network file system may not report a full disk until now
  int close() {
    const int result = fd_ < 0 ? 0 : ::close(fd_);
    fd_ = -1;
    return result == 0 ? 0 : errno;
  }

 private:
  int fd_;
};

/// @returns 0 or an errno
int write_all(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return 0;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// Separated by "." so that the part after it identifies the process on this machine.
std::string this_machine() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return '.' + std::string(name.data()) + '.';
}

/// "<file>.<host>.<pid>-<random>.tmp": a name that no other process uses, on any machine.
fs::path temporary_beside(const fs::path& file) {
  thread_local std::random_device random;
  return file.string() + this_machine() + std::to_string(::getpid()) + '-' +
         std::to_string(random()) + ".tmp";
}

int write_pieces(const fs::path& file, const std::vector<std::span<const std::byte>>& pieces,
                 Flush flush) {
  Descriptor descriptor(file, O_WRONLY | O_CREAT | O_EXCL);
  if (descriptor < 0) return errno;
  for (const auto& piece : pieces)
    if (const int error = write_all(descriptor, piece); error != 0) return error;
  if (flush == Flush::yes && ::fsync(descriptor) != 0) return errno;
  return descriptor.close();
}

/// Makes a new name durable as well. A folder may be writable and yet unreadable.
int flush_folder(const fs::path& folder) {
  const Descriptor descriptor(folder, O_RDONLY | O_DIRECTORY);
  return descriptor < 0 || ::fsync(descriptor) == 0 ? 0 : errno;
}

/// @returns 0 or an errno
int replace(const fs::path& file, const std::vector<std::span<const std::byte>>& pieces,
            Flush flush, std::string_view fault) {
  std::error_code ignored;
  fs::create_directories(file.parent_path(), ignored);
  const auto temporary = temporary_beside(file);
  int error = write_pieces(temporary, pieces, flush);
  if (error == 0) fault_point(fault);
  if (error == 0 && ::rename(temporary.c_str(), file.c_str()) != 0) error = errno;
  if (error != 0) ::unlink(temporary.c_str());
  if (error == 0 && flush == Flush::yes) error = flush_folder(file.parent_path());
  return error;
}

}  // namespace

std::optional<std::string> read_file(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return std::nullopt;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return std::nullopt;
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  return stream.bad() ? std::nullopt : std::optional(std::move(bytes));
}

int replace_file(const fs::path& file, const std::vector<std::span<const std::byte>>& pieces,
                 Flush flush) {
  return replace(file, pieces, flush, "file-before-rename");
}

int replace_file(const fs::path& file, std::string_view text) {
  return replace(file, {bytes_of(text)}, Flush::no, "text-before-rename");
}

int append_to_file(const fs::path& file, std::string_view bytes) {
  Descriptor descriptor(file, O_WRONLY | O_APPEND);
  if (descriptor < 0) return errno;
  const int error = write_all(descriptor, bytes_of(bytes));
  return error != 0 ? error : descriptor.close();
}

void remove_leftovers(const fs::path& folder) {
  const auto machine = this_machine();
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const auto name = entry.path().filename().string();
    const auto at = name.rfind(machine);
    if (!name.ends_with(".tmp") || at == std::string::npos) continue;
    const auto pid = std::atoi(name.c_str() + at + machine.size());
    if (pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH) fs::remove(entry.path(), ignored);
  }
}

std::optional<double> free_bytes(fs::path folder) {
  std::error_code ignored;
  while (!folder.empty() && !fs::exists(folder, ignored) && folder.has_relative_path())
    folder = folder.parent_path();
  struct statvfs disk {};
  if (::statvfs(folder.empty() ? "." : folder.c_str(), &disk) != 0) return std::nullopt;
  return static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
}

Mapping::Mapping(const fs::path& file) {
  const Descriptor descriptor(file, O_RDONLY);
  struct stat status {};
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0)
    throw std::system_error(errno, std::generic_category(), file.string());
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ == 0) return;
  void* memory = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), file.string());
  data_ = static_cast<const std::byte*>(memory);
}

Mapping::~Mapping() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace earshot::base
