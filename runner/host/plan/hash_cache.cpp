#include "host/plan/hash_cache.hpp"

#include <array>
#include <charconv>
#include <functional>
#include <string_view>
#include <system_error>

#include "base/files.hpp"
#include "host/base/failure.hpp"
#include "protocol/contents.hpp"
#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view head = "hashes of files, layout 2\n";
constexpr std::size_t checksum_digits = 16, hash_digits = 64;

std::string checksum(std::string_view text) {
  std::array<char, checksum_digits> digits{};
  digits.fill('0');
  const auto value = std::hash<std::string_view>()(text);
  std::array<char, checksum_digits> reversed{};
  const auto end = std::to_chars(reversed.data(), reversed.data() + reversed.size(), value, 16).ptr;
  std::copy(reversed.data(), end, digits.end() - (end - reversed.data()));
  return {digits.begin(), digits.end()};
}

std::string entry_of(const std::string& path, const Stamp& stamp, const std::string& sha256) {
  auto text = sha256 + ' ' + stamp.text() + ' ' + path;
  return checksum(text) + ' ' + text + '\0';
}

}  // namespace

HashCache::HashCache(const fs::path& cache) : file_(cache / "stamps.db") {
  std::error_code error;
  fs::create_directories(cache, error);
  if (error)
    throw Failure(ExitCode::store_unusable,
                  cache.string() + ": the cache folder cannot be created: " + error.message() +
                      "; expected a folder that can be written. Give another with --cache");
  load();
}

HashCache::~HashCache() {
  try {
    save();
  } catch (const std::exception&) {  // files without an entry are read again
  }
}

void HashCache::load() {
  const auto bytes = base::read_file(file_);
  rewrite_ = !bytes || !bytes->starts_with(head);
  if (rewrite_) return;
  auto rest = std::string_view(*bytes).substr(head.size());
  std::size_t entries = 0;
  for (auto end = rest.find('\0'); end != std::string_view::npos; end = rest.find('\0')) {
    auto entry = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    ++entries;
    if (entry.size() <= checksum_digits + hash_digits + 2) continue;
    const auto said = entry.substr(0, checksum_digits);
    entry.remove_prefix(checksum_digits + 1);
    if (said != checksum(entry)) continue;
    Hash hash{{}, std::string(entry.substr(0, hash_digits))};
    entry.remove_prefix(hash_digits + 1);
    const auto stamp = protocol::take_stamp(entry);
    if (!stamp) continue;
    hash.stamp = *stamp;
    hashes_.insert_or_assign(std::string(entry), std::move(hash));
  }
  constexpr std::size_t few = 1000;
  rewrite_ = entries > 2 * hashes_.size() + few;
}

void HashCache::save() {
  if (new_hashes_.empty()) return;
  std::string bytes(rewrite_ ? head : "");
  for (const auto& [path, entry] : rewrite_ ? hashes_ : new_hashes_)
    bytes += entry_of(path, entry.stamp, entry.sha256);
  if (rewrite_)
    base::replace_file(file_, bytes);
  else
    base::append_to_file(file_, bytes);
  rewrite_ = false;
  new_hashes_.clear();
}

protocol::ListedFile HashCache::look_at(const fs::path& file) {
  const auto path = fs::absolute(file).lexically_normal();
  const auto stamp = stamp_of(path);
  const auto known = hashes_.find(path.native());
  if (stamp && known != hashes_.end() && known->second.stamp == *stamp)
    return {path, known->second.sha256, stamp};
  const bool settled = stamp && stamp->settled();
  protocol::ListedFile found{path, protocol::sha256_file(path), std::nullopt};
  ++hashed_;
  if (!settled || stamp_of(path) != stamp) return found;
  found.stamp = stamp;
  hashes_[path.native()] = new_hashes_[path.native()] = {*stamp, found.sha256};
  return found;
}

std::string HashCache::content(const fs::path& path) {
  return protocol::Contents{path, {}}.hash([this](const fs::path& file) { return sha256(file); });
}

protocol::InputRef HashCache::input(const fs::path& path, const std::vector<fs::path>& files) {
  protocol::Contents contents{path, {}};
  if (!files.empty() && !(files.size() == 1 && files.front() == path)) {
    if (!fs::is_directory(path)) contents.path = path.parent_path();
    for (const auto& file : files)
      contents.files.push_back(protocol::path_text(file.lexically_relative(contents.path)));
  }
  // Changes during and after reading are detected by the earlier stamps.
  const auto stamps = contents.stamps();
  return {.path = protocol::path_text(contents.path),
          .files = contents.files,
          .sha256 = contents.hash([this](const fs::path& file) { return sha256(file); }),
          .stamps = stamps};
}

}  // namespace earshot::host
