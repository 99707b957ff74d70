#include "host/export/folder.hpp"

#include <cstring>
#include <string_view>
#include <system_error>

#include "base/files.hpp"
#include "host/base/failure.hpp"
#include "host/base/plain_text.hpp"
#include "protocol/hash.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse_place(const fs::path& place, const std::string& problem) {
  throw Failure(ExitCode::usage, "runner export: " + plain_text(place.string()) + ": " + problem);
}

}  // namespace

ExportFolder::ExportFolder(fs::path folder, bool replace)
    : folder_(std::move(folder)), replace_(replace) {
  // With a slash at its end, the library reports no new folder.
  if (!folder_.has_filename() && folder_.has_parent_path()) folder_ = folder_.parent_path();
  std::error_code error;
  created_ = fs::create_directories(folder_, error);
  if (error) refuse_place(folder_, "the folder cannot be created: " + error.message());
  try {
    hidden_.emplace(folder_, ".earshot-export-");
  } catch (const fs::filesystem_error& failed) {
    refuse_place(folder_, "cannot be written: " + failed.code().message());
  }
}

ExportFolder::~ExportFolder() {
  hidden_.reset();
  std::error_code ignored;
  if (created_) fs::remove(folder_, ignored);
}

fs::path ExportFolder::add(const fs::path& name) {
  const auto place = folder_ / name;
  std::error_code ignored;
  const auto status = fs::symlink_status(place, ignored);
  if (fs::exists(status) && !fs::is_regular_file(status))
    refuse_place(place, "exists and is not a regular file, which is all that an export replaces");
  if (fs::exists(status) && !replace_)
    refuse_place(place, "already exists. Give another folder, or --force to replace it");
  files_.emplace_back(*hidden_ / std::to_string(files_.size()), place);
  return files_.back().first;
}

void ExportFolder::write(const fs::path& name, const std::string& content) {
  if (const int error = base::replace_file(add(name), content); error != 0)
    refuse_place(folder_ / name, std::string("cannot be written: ") + std::strerror(error));
}

void ExportFolder::finish() {
  for (const auto& [from, to] : files_) {
    std::error_code error;
    fs::create_directories(to.parent_path(), error);
    if (!error) fs::rename(from, to, error);
    if (error) refuse_place(to, "cannot be written: " + error.message());
  }
}

std::string file_name_of(const std::string& text) {
  constexpr std::string_view digits = "0123456789ABCDEF", others = "._-+=,@";
  constexpr std::size_t longest = 120;  // file systems allow 255 bytes with what is added
  std::string name;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    const bool letter = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                        (byte >= 'a' && byte <= 'z');
    const bool hidden = byte == '.' && name.empty();
    if (!hidden && (letter || others.find(character) != others.npos))
      name += character;
    else
      name += {'%', digits[byte / 16], digits[byte % 16]};
  }
  if (name.size() > longest)
    name =
        name.substr(0, longest - 17) + '-' + protocol::sha256(std::string_view(text)).substr(0, 16);
  return name.empty() ? "%" : name;
}

}  // namespace earshot::host
