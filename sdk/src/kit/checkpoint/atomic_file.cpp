#include "atomic_file.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include <earshot/error.hpp>

namespace earshot::kit::checkpoint {

namespace fs = std::filesystem;

AtomicFile::AtomicFile(const fs::path& file)
    : file_(file),
      temporary_(file.string() + '.' + std::to_string(::getpid()) + ".tmp"),
      descriptor_(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0) fail(errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!done_) ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, std::size_t bytes) {
  const auto* next = static_cast<const char*>(data);
  while (bytes > 0) {
    const auto n = ::write(descriptor_, next, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(errno);
    next += n;
    bytes -= static_cast<std::size_t>(n);
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0 || ::rename(temporary_.c_str(), file_.c_str()) != 0) fail(errno);
  done_ = true;
  const auto parent = file_.has_parent_path() ? file_.parent_path() : fs::path(".");
  const int folder = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;  // a folder that may be written but not read
  ::fsync(folder);
  ::close(folder);
}

void AtomicFile::fail(int error) const {
  throw DataError(file_.string() +
                  ": cannot be written: " + std::generic_category().message(error));
}

}  // namespace earshot::kit::checkpoint
