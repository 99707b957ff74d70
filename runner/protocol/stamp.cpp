#include "protocol/stamp.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include <sys/stat.h>

namespace earshot::protocol {

namespace {

/// A file that was just written may be written again without a change of its times.
constexpr std::int64_t settling = 100'000'000;  // ns

std::int64_t nanoseconds(const timespec& time) {
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

bool Stamp::settled() const {
  const std::int64_t now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count();
  return now - std::max(mtime, ctime) > settling;
}

std::string Stamp::text() const {
  return std::to_string(size) + ' ' + std::to_string(mtime) + ' ' + std::to_string(ctime) + ' ' +
         std::to_string(inode);
}

std::optional<Stamp> stamp_of(const std::filesystem::path& path) {
  return stamp_of(path.c_str());
}

std::optional<Stamp> stamp_of(const char* path) {
  struct stat status {};
  if (::stat(path, &status) != 0) return std::nullopt;
  return Stamp{status.st_size, nanoseconds(status.st_mtim), nanoseconds(status.st_ctim),
               static_cast<std::int64_t>(status.st_ino)};
}

std::optional<Stamp> take_stamp(std::string_view& text) {
  Stamp stamp;
  for (auto* field : {&stamp.size, &stamp.mtime, &stamp.ctime, &stamp.inode}) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *field);
    const auto taken = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || taken >= text.size() || text[taken] != ' ') return std::nullopt;
    text.remove_prefix(taken + 1);
  }
  return stamp;
}

}  // namespace earshot::protocol
