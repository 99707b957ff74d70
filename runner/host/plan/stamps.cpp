#include "host/plan/stamps.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>

#include <sqlite3.h>
#include <sys/stat.h>

#include "host/base/failure.hpp"
#include "protocol/hash.hpp"

namespace earshot::host {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t layout = 1;  // user_version; another one begins anew

/// A file that was written a moment ago may be written again without its time changing.
constexpr std::int64_t settled = 100'000'000;  // ns

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::unique_ptr<Connection> open(const fs::path& file) {
  auto connection = std::make_unique<Connection>(
      file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, file.string());
  connection->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  if (connection->integer("PRAGMA user_version") != layout) {
    Transaction transaction(*connection);
    connection->execute(
        "DROP TABLE IF EXISTS hash; DROP TABLE IF EXISTS answer;"
        "CREATE TABLE hash(path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime INTEGER NOT NULL,"
        " inode INTEGER NOT NULL, sha256 TEXT NOT NULL) STRICT, WITHOUT ROWID;"
        "CREATE TABLE answer(question TEXT PRIMARY KEY, answer TEXT NOT NULL) STRICT;"
        "PRAGMA user_version = " +
        std::to_string(layout));
    transaction.commit();
  }
  return connection;
}

std::unique_ptr<Connection> open_or_replace(const fs::path& file) {
  try {
    return open(file);
  } catch (const Failure&) {
    std::error_code ignored;
    for (const auto* end : {"", "-wal", "-shm"})
      fs::remove(file.string() + end, ignored);
    return open(file);
  }
}

}  // namespace

std::optional<Stamp> stamp_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return Stamp{status.st_size, status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
               static_cast<std::int64_t>(status.st_ino)};
}

StampTable::StampTable(const fs::path& cache) {
  std::error_code error;
  fs::create_directories(cache, error);
  if (error)
    throw Failure(ExitCode::store_unusable,
                  cache.string() + ": the cache folder cannot be created: " + error.message() +
                      "; expected a folder that can be written. Give another with --cache");
  connection_ = open_or_replace(cache / "stamps.db");
  load();
}

StampTable::~StampTable() {
  try {
    save();
  } catch (const std::exception&) {  // what is not remembered is asked again
  }
}

void StampTable::load() {
  Statement rows(*connection_, "SELECT path, size, mtime, inode, sha256 FROM hash");
  while (rows.step())
    hashes_.emplace_hint(hashes_.end(), rows.text(0),
                         Hash{{rows.integer(1), rows.integer(2), rows.integer(3)}, rows.text(4)});
}

void StampTable::save() {
  if (new_hashes_.empty() && new_answers_.empty()) return;
  Transaction transaction(*connection_);
  Statement hash(*connection_, "INSERT OR REPLACE INTO hash VALUES (?, ?, ?, ?, ?)");
  for (const auto& [path, entry] : new_hashes_)
    hash.run(path, entry.stamp.size, entry.stamp.mtime, entry.stamp.inode, entry.sha256);
  Statement answer(*connection_, "INSERT OR REPLACE INTO answer VALUES (?, ?)");
  for (const auto& [question, value] : new_answers_)
    answer.run(question, value.dump(-1, ' ', false, Json::error_handler_t::replace));
  transaction.commit();
  new_hashes_.clear();
  new_answers_.clear();
}

std::string StampTable::sha256(const fs::path& file) {
  const auto path = fs::absolute(file).lexically_normal().string();
  const auto stamp = stamp_of(path);
  const auto known = hashes_.find(path);
  if (stamp && known != hashes_.end() && known->second.stamp == *stamp) return known->second.sha256;
  const auto begun = now();
  const auto sha256 = protocol::sha256_file(path);
  ++hashed_;
  if (stamp && begun - stamp->mtime > settled && stamp_of(path) == stamp)
    hashes_[path] = new_hashes_[path] = {*stamp, sha256};
  return sha256;
}

std::string StampTable::content(const fs::path& path) {
  if (!fs::is_directory(path)) return sha256(path);
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path))
    if (entry.is_regular_file()) files.push_back(entry.path());
  return content(path, files);
}

std::string StampTable::content(const fs::path& folder, const std::vector<fs::path>& files) {
  std::vector<std::pair<std::string, fs::path>> named;
  for (const auto& file : files)
    named.emplace_back(file.lexically_relative(folder).string(), file);
  std::sort(named.begin(), named.end());
  auto list = Json::array();
  for (const auto& [name, file] : named)
    list.push_back({name, sha256(file)});
  return protocol::sha256(
      std::string_view(list.dump(-1, ' ', false, Json::error_handler_t::replace)));
}

Json StampTable::recall(const std::string& question) {
  const auto fresh = new_answers_.find(question);
  if (fresh != new_answers_.end()) return fresh->second;
  Statement row(*connection_, "SELECT answer FROM answer WHERE question = ?");
  row.bind_all(question);
  return row.step() ? Json::parse(row.text(0)) : Json();
}

void StampTable::remember(const std::string& question, const Json& answer) {
  new_answers_[question] = answer;
}

}  // namespace earshot::host
