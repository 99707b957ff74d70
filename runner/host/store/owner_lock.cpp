#include "host/store/owner_lock.hpp"

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "host/base/failure.hpp"

namespace earshot::host {
namespace {

std::string lock_file(const std::filesystem::path& results) {
  return results.string() + "-owners";
}

struct flock one_byte(std::int64_t owner) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = owner;
  lock.l_len = 1;
  return lock;
}

}  // namespace

OwnerLock::OwnerLock(const std::filesystem::path& results, std::int64_t owner)
    : descriptor_(open(lock_file(results).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  // The lock belongs to the open file, not to the process, so that closing another descriptor of
  // the file does not release it.
  auto lock = one_byte(owner);
  if (descriptor_ < 0 || fcntl(descriptor_, F_OFD_SETLK, &lock) != 0) {
    const std::string problem = std::strerror(errno);
    if (descriptor_ >= 0) close(descriptor_);
    throw Failure(ExitCode::store_unusable, lock_file(results) + ": cannot be locked: " + problem);
  }
}

OwnerLock::~OwnerLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

OwnerLock::OwnerLock(OwnerLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

OwnerLock& OwnerLock::operator=(OwnerLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

bool OwnerLock::held(const std::filesystem::path& results, std::int64_t owner) {
  // Testing needs no permission to write.
  const int descriptor = open(lock_file(results).c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  auto lock = one_byte(owner);
  const bool answered = fcntl(descriptor, F_OFD_GETLK, &lock) == 0;
  close(descriptor);
  return !answered || lock.l_type != F_UNLCK;
}

}  // namespace earshot::host
