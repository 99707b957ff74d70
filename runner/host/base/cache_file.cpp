#include "host/base/cache_file.hpp"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <random>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace earshot::host {

namespace fs = std::filesystem;

namespace {

/// @returns 0 or an errno; closes the descriptor
int write_all(int descriptor, std::string_view bytes) {
  int error = descriptor < 0 ? errno : 0;
  while (error == 0 && !bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0)
      bytes.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR)
      error = errno;
  }
  if (descriptor >= 0 && ::close(descriptor) != 0 && error == 0) error = errno;
  return error;
}

/// A name that no other process has, on whatever machine.
fs::path temporary_beside(const fs::path& file) {
  static std::random_device random;
  return file.parent_path() / (".new-" + std::to_string(::getpid()) + "-" +
                               std::to_string(random()) + std::to_string(random()));
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

int replace_file(const fs::path& file, std::string_view bytes) {
  std::error_code ignored;
  fs::create_directories(file.parent_path(), ignored);
  const auto temporary = temporary_beside(file);
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  int error = write_all(::open(temporary.c_str(), flags, 0666), bytes);
  if (error == 0 && ::rename(temporary.c_str(), file.c_str()) != 0) error = errno;
  if (error != 0) ::unlink(temporary.c_str());
  return error;
}

int append_to_file(const fs::path& file, std::string_view bytes) {
  return write_all(::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC), bytes);
}

}  // namespace earshot::host
