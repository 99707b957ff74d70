#include "host/store/open.hpp"

#include <chrono>
#include <cstdlib>
#include <map>
#include <set>
#include <thread>

#include <sqlite3.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "host/base/failure.hpp"
#include "host/store/embedded.hpp"
#include "protocol/fault.hpp"
#include "protocol/hash.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t application_id = 0x45617273;  // "Ears"
constexpr std::uintmax_t cheap_to_check = 8u << 20;  // bytes; some 10 ms

[[noreturn]] void refuse(const fs::path& file, const std::string& problem) {
  throw Failure(ExitCode::store_unusable, file.string() + ": " + problem);
}

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
    refuse(file, "lies on a file system of type '" + name +
                     "', where locks do not hold between hosts; a results file needs a local disk. "
                     "name one with --results, or set EARSHOT_SINGLE_HOST=1 if only this host "
                     "ever uses the file");
  }
}

void check_content(Connection& connection, const fs::path& file) {
  if (size_of(file) == 0) return;
  const bool unclean = size_of(with_suffix(file, "-wal")) > 0;
  if (!unclean && size_of(file) > cheap_to_check) return;
  const auto verdict = connection.text("PRAGMA quick_check(1)");
  if (verdict != "ok") {
    refuse(file,
           "is damaged (" + verdict +
               "); it is left as it is. restore a backup ('runner db backup' or a '.bak' file "
               "beside it), or rescue rows with: sqlite3 FILE .recover");
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

std::string hash_of(const Migration& migration) {
  return protocol::sha256(std::string_view(migration.sql));
}

std::int64_t version_of(const Connection& connection) {
  return connection.integer("PRAGMA user_version");
}

void require_known(const Connection& connection, const fs::path& file,
                   const std::vector<Migration>& known) {
  const auto version = version_of(connection);
  const auto id = connection.integer("PRAGMA application_id");
  const bool empty = connection.integer("SELECT count(*) FROM sqlite_master") == 0;
  if (empty && version == 0 && id == 0) return;
  if (id != application_id) {
    refuse(file,
           "is a SQLite file of another program, not a results file; name another with "
           "--results");
  }
  if (version < 0)
    refuse(file, "is damaged (its schema says " + std::to_string(version) +
                     "); it is left as it is. restore a backup ('runner db backup' or a '.bak' "
                     "file beside it), or rescue rows with: sqlite3 FILE .recover");
  if (version > static_cast<std::int64_t>(known.size())) {
    refuse(file, "is of schema " + std::to_string(version) + ", this runner knows " +
                     std::to_string(known.size()) +
                     "; it is left as it is. use a newer runner, or name another with --results");
  }
  Statement rows(connection, "SELECT version, sql_sha256 FROM schema_migration ORDER BY version");
  while (rows.step()) {
    const auto number = static_cast<std::size_t>(rows.integer(0));
    if (number >= 1 && number <= known.size() && rows.text(1) != hash_of(known[number - 1])) {
      refuse(file, "was made by a development version with another schema " +
                       std::to_string(number) + "; move it away, or name another with --results");
    }
  }
}

void set_up(Connection& connection) {
  connection.execute(
      "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
      "PRAGMA cache_size = -64000; PRAGMA synchronous = FULL");
}

/// Written under another name first, so that a copy with this name is whole.
void copy_whole(const Connection& connection, const fs::path& copy) {
  const auto temporary = with_suffix(copy, std::string(".").append(std::to_string(getpid())));
  fs::remove(temporary);
  Statement(connection, "VACUUM INTO ?").run(temporary.string());
  std::error_code error;
  fs::rename(temporary, copy, error);
  if (error) refuse(copy, "cannot be written: " + error.message());
}

/// What a reader may do. ATTACH could create files, and most PRAGMAs are settings.
int allow_reading(void*, int action, const char* name, const char*, const char*, const char*) {
  static const std::set<std::string_view> pragmas{
      "table_info",      "table_xinfo",  "table_list",      "index_list",
      "index_info",      "index_xinfo",  "quick_check",     "foreign_key_list",
      "integrity_check", "user_version", "application_id",  "foreign_key_check",
      "page_count",      "page_size",    "compile_options", "freelist_count"};
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

/// SQLite gives some names a meaning of its own; those would hold results nowhere.
void require_regular_name(const fs::path& file) {
  const auto name = file.string();
  if (name.empty() || name.starts_with(":") || name.starts_with("file:"))
    throw Failure(ExitCode::usage, "--results '" + name +
                                       "': names no file; expected the path of a results file, "
                                       "as results/results.db");
  std::error_code ignored;
  const auto type = fs::status(file, ignored).type();
  if (type == fs::file_type::character || type == fs::file_type::block ||
      type == fs::file_type::fifo || type == fs::file_type::socket)
    throw Failure(ExitCode::usage, "--results " + name +
                                       ": is a device, pipe or socket; expected a results file, as "
                                       "results/results.db");
}

Connection open_read_only(const fs::path& file) {
  require_regular_name(file);
  if (!fs::exists(file)) {
    refuse(file,
           "there is no such results file; run an experiment first, or name another with "
           "--results");
  }
  refuse_network_file_system(file);
  if (fs::exists(with_suffix(file, "-journal"))) {
    // A process died while it made the file; only a writer can roll that back.
    Connection(file.string(), SQLITE_OPEN_READWRITE, file.string())
        .integer("SELECT count(*) FROM sqlite_master");
  }
  Connection connection(file.string(), SQLITE_OPEN_READONLY, file.string());
  set_up(connection);
  check_content(connection, file);
  require_known(connection, file, migrations());
  return connection;
}

}  // namespace

const std::vector<Migration>& migrations() {
  static const std::vector<Migration> known{
      {"schema", std::string(schema_sql) + std::string(schema_1_views_sql)},
      {"checkpoints", std::string(migration_2_sql)},
  };
  return known;
}

namespace {

/// Views hold nothing: they are made anew, as views.sql has them now.
void replace_views(Connection& connection) {
  std::vector<std::string> names;
  {
    Statement rows(connection, "SELECT name FROM sqlite_master WHERE type = 'view'");
    while (rows.step())
      names.push_back(rows.text(0));
  }
  for (const auto& name : names)
    connection.execute("DROP VIEW " + name);
  connection.execute(std::string(views_sql));
}

}  // namespace

void migrate(Connection& connection, const fs::path& file, const std::vector<Migration>& known) {
  const auto wanted = static_cast<std::int64_t>(known.size());
  require_known(connection, file, known);
  const auto before = version_of(connection);
  if (before == wanted) return;
  if (before > 0)
    copy_whole(connection,
               with_suffix(file, std::string(".v").append(std::to_string(before)).append(".bak")));
  Transaction transaction(connection);
  require_known(connection, file, known);  // another process may have been faster
  for (auto version = version_of(connection); version < wanted; ++version) {
    const auto& migration = known[static_cast<std::size_t>(version)];
    connection.execute(migration.sql);
    Statement(connection,
              "INSERT INTO schema_migration VALUES (?, ?, ?, "
              "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))")
        .run(version + 1, migration.name, hash_of(migration));
  }
  replace_views(connection);
  connection.execute("PRAGMA user_version = " + std::to_string(wanted) +
                     "; PRAGMA application_id = " + std::to_string(application_id));
  if (!connection.text("PRAGMA foreign_key_check").empty()) {
    refuse(file, "cannot be brought to schema " + std::to_string(wanted) +
                     ": rows would refer to nothing; it is left as it is");
  }
  protocol::fault_point("store.migrate");
  transaction.commit();
}

Connection open_for_writing(const fs::path& file) {
  require_regular_name(file);
  if (file.has_parent_path()) {
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    if (error) refuse(file, "its folder cannot be made: " + error.message());
  }
  refuse_network_file_system(file);
  Connection connection(file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, file.string());
  set_up(connection);
  check_content(connection, file);
  require_known(connection, file, migrations());
  if (!single_host()) use_write_ahead_log(connection);
  migrate(connection, file, migrations());
  connection.watch_place();
  return connection;
}

Connection open_for_reading(const fs::path& file) {
  auto connection = open_read_only(file);
  const auto version = version_of(connection);
  if (version < static_cast<std::int64_t>(migrations().size())) {
    refuse(file, "is of schema " + std::to_string(version) + ", this runner reads " +
                     std::to_string(migrations().size()) +
                     "; 'runner db migrate' brings it there and keeps a copy");
  }
  connection.execute("PRAGMA query_only = ON");
  // A table-valued function declares its columns by a CREATE TABLE at its first use.
  connection.integer("SELECT count(*) FROM json_each('[]')");
  sqlite3_set_authorizer(connection.handle(), allow_reading, nullptr);
  return connection;
}

void back_up(const fs::path& file, const fs::path& copy) {
  if (fs::exists(copy)) {
    throw Failure(ExitCode::usage, copy.string() +
                                       ": exists already; a backup never replaces a "
                                       "file. name another or remove it");
  }
  copy_whole(open_read_only(file), copy);
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
