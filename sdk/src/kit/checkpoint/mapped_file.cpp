#include "mapped_file.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <earshot/error.hpp>

namespace earshot::kit::checkpoint {

namespace {

[[noreturn]] void fail(const std::filesystem::path& file, int error) {
  throw DataError(file.string() + ": cannot be read: " + std::generic_category().message(error));
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& file)
    : path_(file), descriptor_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) fail(file, errno);
  struct stat info {};
  int error = ::fstat(descriptor_, &info) != 0 ? errno : 0;
  if (error == 0 && !S_ISREG(info.st_mode)) error = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
  if (error == 0 && info.st_size > 0) {
    size_ = static_cast<std::size_t>(info.st_size);
    void* memory =
        ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor_, 0);
    if (memory == MAP_FAILED)
      error = errno;
    else
      data_ = static_cast<std::byte*>(memory);
  }
  if (error != 0) {
    ::close(descriptor_);
    fail(file, error);
  }
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
  ::close(descriptor_);
}

void MappedFile::read(std::uint64_t begin, std::span<std::byte> into) const {
  while (!into.empty()) {
    const auto n = ::pread(descriptor_, into.data(), into.size(), static_cast<off_t>(begin));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path_, errno);
    if (n == 0) throw DataError(path_.string() + ": was shortened while it was being read");
    begin += static_cast<std::uint64_t>(n);
    into = into.subspan(static_cast<std::size_t>(n));
  }
}

}  // namespace earshot::kit::checkpoint
