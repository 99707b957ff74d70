#include "protocol/file_list.hpp"

#include "protocol/hash.hpp"

namespace earshot::protocol {

namespace {

constexpr std::size_t identity_digits = 64;  // of SHA-256 in hexadecimal

}  // namespace

std::string unreadable_identity(const std::filesystem::path& path) {
  return '!' + sha256(std::string_view("unreadable\n" + path.native())).substr(1);
}

std::string content_digest(const std::vector<ListedFile>& files) {
  std::string lines;
  lines.reserve(files.size() * (identity_digits + 1));
  for (const auto& file : files)
    lines.append(file.sha256) += '\n';
  return sha256(std::string_view(lines));
}

// Paths may contain any byte except zero, which therefore ends each entry.
std::string list_bytes(const std::vector<ListedFile>& files) {
  std::string bytes;
  for (const auto& file : files)
    bytes.append(file.sha256)
        .append(file.stamp ? " " + file.stamp->text() + " " : " - ")
        .append(file.path.native())
        .append(1, '\0');
  return bytes;
}

std::optional<std::vector<ListedFile>> parse_list(std::string_view bytes) {
  std::vector<ListedFile> files;
  while (!bytes.empty()) {
    const auto end = bytes.find('\0');
    if (end == std::string_view::npos || end < identity_digits + 4 || bytes[identity_digits] != ' ')
      return std::nullopt;
    auto entry = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    ListedFile file{
        .path = {}, .sha256 = std::string(entry.substr(0, identity_digits)), .stamp = {}};
    entry.remove_prefix(identity_digits + 1);
    if (entry.starts_with("- "))
      entry.remove_prefix(2);
    else if (file.stamp = take_stamp(entry); !file.stamp)
      return std::nullopt;
    file.path = entry;
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace earshot::protocol
