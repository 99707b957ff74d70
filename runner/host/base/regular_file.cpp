#include "host/base/regular_file.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sizes.hpp"

namespace earshot::host {
namespace {

/// A file descriptor that the destructor closes.
struct Descriptor {
  int number = -1;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

[[noreturn]] void refuse_by_errno() {
  throw std::runtime_error(std::strerror(errno));
}

}  // namespace

std::string read_regular_file(const std::filesystem::path& file, std::size_t most) {
  // O_NONBLOCK: otherwise, opening a pipe without a writer would block.
  const Descriptor opened{::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
  if (opened.number < 0) refuse_by_errno();
  struct stat facts {};
  if (::fstat(opened.number, &facts) != 0) refuse_by_errno();
  if (S_ISDIR(facts.st_mode)) throw std::runtime_error("it is a folder");
  if (!S_ISREG(facts.st_mode))
    throw std::runtime_error("it is a pipe, device or socket, not a regular file");
  std::string text;
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const auto size = ::read(opened.number, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) refuse_by_errno();
    if (size == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
    if (text.size() > most)
      throw std::runtime_error("it has more than " +
                               base::size_text(static_cast<std::int64_t>(most)));
  }
}

}  // namespace earshot::host
