#include "host/store/open.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <thread>

#include <sqlite3.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "host/base/failure.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t cheap_to_check = 8u << 20;  // bytes; takes about 10 ms

std::uintmax_t size_of(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  return error ? 0 : size;
}

fs::path with_suffix(fs::path file, const std::string& suffix) {
  return file += suffix;
}

bool single_host() {
  const char* value = std::getenv("EARSHOT_SINGLE_HOST");
  return value != nullptr && std::string_view(value) == "1";
}

void refuse_network_file_system(const fs::path& file) {
  struct statfs facts {};
  const auto folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  if (single_host() || statfs(folder.c_str(), &facts) != 0) return;
  const auto name = network_file_system(facts.f_type);
  if (!name.empty()) {
    refuse_store(file,
                 "is on a file system of type '" + name +
                     "', where locks do not work between hosts; a results file needs a local disk. "
                     "Choose one with --results, or set EARSHOT_SINGLE_HOST=1 if only this host "
                     "ever uses the file");
  }
}

void check_content(Connection& connection, const fs::path& file) {
  if (size_of(file) == 0) return;
  const bool unclean = size_of(with_suffix(file, "-wal")) > 0;
  if (!unclean && size_of(file) > cheap_to_check) return;
  const auto verdict = connection.text("PRAGMA quick_check(1)");
  if (verdict != "ok") {
    refuse_store(file,
                 "is damaged (" + verdict +
                     "); it was not changed. Restore a backup ('runner db backup' or a '.bak' file "
                     "next to it), or rescue rows with: sqlite3 FILE .recover");
  }
}

/// SQLite does not wait for the lock that this change needs.
void use_write_ahead_log(const Connection& connection) {
  for (int tries = 0;; ++tries) {
    const int code =
        sqlite3_exec(connection.handle(), "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return;
    if ((code & 0xff) != SQLITE_BUSY || tries == 3000) connection.fail(code);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

/// Turns automatic indexes off: the views have the indexes that they need, but SQLite would copy
/// all metrics into a temporary index for a single query.
void set_up(Connection& connection) {
  connection.execute(
      "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA automatic_index = OFF;"
      "PRAGMA cache_size = -64000; PRAGMA synchronous = FULL");
}

/// Authorizes what a reader may do. ATTACH could create files, and most PRAGMAs are settings.
int allow_reading(void*, int action, const char* name, const char*, const char*, const char*) {
  static const std::set<std::string_view> pragmas{
      "table_info",      "table_xinfo",  "table_list",      "index_list",
      "index_info",      "index_xinfo",  "quick_check",     "foreign_key_list",
      "integrity_check", "user_version", "application_id",  "foreign_key_check",
      "page_count",      "page_size",    "compile_options", "freelist_count",
      "data_version"};
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
    case SQLITE_TRANSACTION:
      return SQLITE_OK;
    case SQLITE_PRAGMA:
      return pragmas.contains(name) ? SQLITE_OK : SQLITE_DENY;
    default:
      return SQLITE_DENY;
  }
}

/// Refuses names with a special meaning for SQLite, under which nothing would be stored.
void require_regular_name(const fs::path& file) {
  const auto name = file.string();
  if (name.empty() || name.starts_with(":") || name.starts_with("file:"))
    throw Failure(ExitCode::usage, "--results '" + name +
                                       "': not the name of a file; expected the path of a results "
                                       "file, such as results/results.db");
  std::error_code ignored;
  const auto type = fs::status(file, ignored).type();
  if (type == fs::file_type::character || type == fs::file_type::block ||
      type == fs::file_type::fifo || type == fs::file_type::socket)
    throw Failure(
        ExitCode::usage,
        "--results " + name +
            ": is a device, pipe or socket; expected a results file, such as results/results.db");
}

/// A URI that tells SQLite that the file does not change, so that it needs neither a lock nor a
/// file next to it.
std::string immutable(const fs::path& file) {
  std::string uri = "file:";
  for (const char c : fs::absolute(file).lexically_normal().string()) {
    if (c != '%' && c != '?' && c != '#') {
      uri += c;
      continue;
    }
    char escaped[4];
    std::snprintf(escaped, sizeof escaped, "%%%02X", static_cast<unsigned>(c));
    uri += escaped;
  }
  return uri + "?immutable=1";
}

/// A reader of a file with a write-ahead log needs the files next to it. It opens the file for
/// writing if permitted, since only such a connection removes those files at the end, even after a
/// writer that crashed. If it is not permitted and there is no log, the file is complete by itself.
Connection connect_reader(const fs::path& file, bool pending) {
  if (may_write(file)) return {file.string(), SQLITE_OPEN_READWRITE, file.string()};
  if (pending) return {file.string(), SQLITE_OPEN_READONLY, file.string()};
  return {immutable(file), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, file.string()};
}

Connection open_read_only(const fs::path& file, const std::vector<Migration>& known) {
  require_regular_name(file);
  if (!fs::exists(file)) {
    refuse_store(
        file,
        "there is no such results file; run an experiment first, or choose another with --results");
  }
  refuse_network_file_system(file);
  if (fs::exists(with_suffix(file, "-journal"))) {
    // A process died while creating the file; only a writer can roll that back.
    Connection(file.string(), SQLITE_OPEN_READWRITE, file.string())
        .integer("SELECT count(*) FROM sqlite_master");
  }
  const bool pending = size_of(with_suffix(file, "-wal")) > 0;
  auto connection = connect_reader(file, pending);
  try {
    set_up(connection);
    check_content(connection, file);
  } catch (const Failure&) {
    const int code = sqlite3_errcode(connection.handle()) & 0xff;
    if (!pending || may_write(file) || (code != SQLITE_CANTOPEN && code != SQLITE_READONLY)) throw;
    refuse_store(
        file,
        "has changes in '" + with_suffix(file, "-wal").filename().string() +
            "' that only a user with write permission can read. Ask its owner to run 'runner db "
            "backup COPY' and read the copy, or copy both files into a folder of yours");
  }
  require_known(connection, file, known);
  return connection;
}

}  // namespace

bool may_write(const fs::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  return ::access(folder.c_str(), W_OK | X_OK) == 0 &&
         (!fs::exists(file) || ::access(file.c_str(), W_OK) == 0);
}

Connection open_for_writing(const fs::path& file, const std::vector<Migration>& known) {
  require_regular_name(file);
  if (file.has_parent_path()) {
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    if (error) refuse_store(file, "its folder cannot be created: " + error.message());
  }
  refuse_network_file_system(file);
  Connection connection(file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, file.string());
  set_up(connection);
  check_content(connection, file);
  require_known(connection, file, known);
  if (!single_host()) use_write_ahead_log(connection);
  migrate(connection, file, known);
  connection.watch_place();
  return connection;
}

Connection open_for_reading(const fs::path& file, const std::vector<Migration>& known) {
  auto connection = open_read_only(file, known);
  const auto version = schema_of(connection);
  const auto newest = newest_schema(known);
  if (version < newest) {
    refuse_store(file, "has schema " + std::to_string(version) + ", but this runner reads " +
                           std::to_string(newest) +
                           "; 'runner db migrate' converts it and keeps a copy");
  }
  connection.execute("PRAGMA query_only = ON");
  // A table-valued function declares its columns by a CREATE TABLE at its first use.
  connection.integer("SELECT count(*) FROM json_each('[]')");
  sqlite3_set_authorizer(connection.handle(), allow_reading, nullptr);
  return connection;
}

void back_up(const fs::path& file, const fs::path& copy) {
  if (fs::exists(copy)) {
    throw Failure(
        ExitCode::usage,
        copy.string() +
            ": already exists; a backup never replaces a file. Choose another name or remove it");
  }
  open_read_only(file, migrations()).copy_to(copy);
}

std::string network_file_system(long magic) {
  static const std::map<unsigned long, const char*> names{
      {0x6969, "nfs"},       {0x517b, "smb"},        {0xff534d42, "cifs"}, {0xfe534d42, "smb2"},
      {0x5346414f, "afs"},   {0x73757245, "coda"},   {0x01021997, "9p"},   {0x0bd00bd0, "lustre"},
      {0x47504653, "gpfs"},  {0x19830326, "beegfs"}, {0x00c36400, "ceph"}, {0x65735546, "fuse"},
      {0x7461636f, "ocfs2"}, {0x01161970, "gfs2"},   {0x013661dd, "pvfs"}, {0xaad7aaea, "panfs"},
      {0x786f4256, "vboxsf"}};
  const auto found = names.find(static_cast<unsigned long>(magic) & 0xffffffff);
  return found == names.end() ? std::string() : found->second;
}

}  // namespace earshot::host
