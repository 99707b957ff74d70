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

#include "base/fault.hpp"
#include "host/base/failure.hpp"
#include "host/store/embedded.hpp"
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
    refuse(file, "is on a file system of type '" + name +
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
    refuse(file, "is damaged (" + verdict +
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

std::string hash_of(const Migration& migration) {
  return protocol::sha256(std::string_view(migration.sql));
}

std::int64_t version_of(const Connection& connection) {
  return connection.integer("PRAGMA user_version");
}

std::int64_t newest_of(const std::vector<Migration>& known) {
  std::int64_t newest = 0;
  for (const auto& migration : known)
    newest = std::max(newest, migration.to);
  return newest;
}

/// The longest step from that version; null when there is none.
const Migration* next_of(const std::vector<Migration>& known, std::int64_t version) {
  const Migration* next = nullptr;
  for (const auto& migration : known)
    if (migration.from == version && (next == nullptr || migration.to > next->to))
      next = &migration;
  return next;
}

void require_known(const Connection& connection, const fs::path& file,
                   const std::vector<Migration>& known) {
  const auto version = version_of(connection);
  const auto id = connection.integer("PRAGMA application_id");
  const bool empty = connection.integer("SELECT count(*) FROM sqlite_master") == 0;
  if (empty && version == 0 && id == 0) return;
  if (id != application_id) {
    refuse(
        file,
        "is an SQLite file of another program, not a results file; choose another with --results");
  }
  if (version < 0)
    refuse(file, "is damaged (its schema says " + std::to_string(version) +
                     "); it was not changed. Restore a backup ('runner db backup' or a '.bak' file "
                     "next to it), or rescue rows with: sqlite3 FILE .recover");
  const auto newest = newest_of(known);
  if (version > newest)
    refuse(file,
           "has schema " + std::to_string(version) + ", but this runner only knows " +
               std::to_string(newest) +
               "; it was not changed. Use a newer runner, or choose another file with --results");
  if (version < newest && (version <= 0 || next_of(known, version) == nullptr))
    refuse(file,
           "has schema " + std::to_string(version) +
               ", from before the first release, which this runner cannot convert to schema " +
               std::to_string(newest) +
               "; it was not changed. Move it away or choose another with --results, and run the "
               "experiments again");
  Statement rows(connection, "SELECT version, sql_sha256 FROM schema_migration ORDER BY version");
  while (rows.step()) {
    const auto number = rows.integer(0);
    const auto hash = rows.text(1);
    const auto leads_there = [&](const auto& migration) { return migration.to == number; };
    const bool listed = std::any_of(known.begin(), known.end(), leads_there);
    const bool same = std::any_of(known.begin(), known.end(), [&](const auto& migration) {
      return leads_there(migration) && hash_of(migration) == hash;
    });
    if (listed && !same)
      refuse(file, "was made by a development version with another schema " +
                       std::to_string(number) + "; move it away, or choose another with --results");
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

/// As a URI of SQLite that says that nobody changes the file: no lock and no file beside it is
/// needed.
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

/// A reader of a file with a write-ahead log needs the files beside it. It makes them where it may
/// write, as only such a connection removes them, also those of a writer that crashed, when it is
/// the last. Where it may not and there is no log, the file is whole without.
Connection connect_reader(const fs::path& file, bool pending) {
  if (may_write(file)) return {file.string(), SQLITE_OPEN_READWRITE, file.string()};
  if (pending) return {file.string(), SQLITE_OPEN_READONLY, file.string()};
  return {immutable(file), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, file.string()};
}

Connection open_read_only(const fs::path& file) {
  require_regular_name(file);
  if (!fs::exists(file)) {
    refuse(
        file,
        "there is no such results file; run an experiment first, or choose another with --results");
  }
  refuse_network_file_system(file);
  if (fs::exists(with_suffix(file, "-journal"))) {
    // A process died while it made the file; only a writer can roll that back.
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
    refuse(file,
           "has changes in '" + with_suffix(file, "-wal").filename().string() +
               "' that only a user with write permission can read. Ask its owner to run 'runner db "
               "backup COPY' and read the copy, or copy both files into a folder of yours");
  }
  require_known(connection, file, migrations());
  return connection;
}

}  // namespace

const std::vector<Migration>& migrations() {
  static const std::vector<Migration> known{
      {"schema", std::string(schema_sql), 0, 3},
      {"predictions", std::string(migration_3_sql), 2, 3},
  };
  return known;
}

std::int64_t newest_schema() {
  return newest_of(migrations());
}

bool may_write(const fs::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  return ::access(folder.c_str(), W_OK | X_OK) == 0 &&
         (!fs::exists(file) || ::access(file.c_str(), W_OK) == 0);
}

namespace {

struct View {
  std::string name{}, sql{};
};

std::vector<View> views_in(const Connection& connection) {
  std::vector<View> views;
  Statement rows(connection, "SELECT name, sql FROM sqlite_master WHERE type = 'view'");
  while (rows.step())
    views.push_back({rows.text(0), rows.text(1)});
  return views;
}

/// Names of the views of views.sql.
std::set<std::string> own_views() {
  std::set<std::string> names;
  constexpr std::string_view create = "CREATE VIEW ";
  for (auto at = views_sql.find(create); at != views_sql.npos;
       at = views_sql.find(create, at + 1)) {
    const auto begin = at + create.size();
    names.emplace(views_sql.substr(begin, views_sql.find(' ', begin) - begin));
  }
  return names;
}

/// For an older version: later names may belong to the user there.
std::set<std::string> own_views_of(std::int64_t version) {
  if (version > 2) return own_views();
  return {"result",    "slice_delta", "category_delta", "leaderboard",
          "published", "cell_state",  "failure",        "cost"};
}

/// All views are away while tables change, since SQLite looks into them; the user's come back as
/// they were, even where they ask for a column that is gone.
class Views {
 public:
  Views(Connection& connection, const fs::path& file, std::int64_t version)
      : connection_(connection) {
    const auto before = own_views_of(version), now = own_views();
    for (const auto& view : views_in(connection)) {
      if (!before.contains(view.name)) {
        if (now.contains(view.name))
          refuse(file,
                 "has a view '" + view.name +
                     "' that is not Earshot's, and the newer schema has a view with that name; the "
                     "file was not changed. Rename yours with sqlite3 and run the command again");
        kept_.push_back(view);
      }
      connection.execute("DROP VIEW " + quoted(view.name));
    }
  }

  void restore() {
    connection_.execute(std::string(views_sql));
    for (const auto& view : kept_)
      connection_.execute(view.sql);
  }

 private:
  static std::string quoted(const std::string& name) {
    std::string text = "\"";
    for (const char c : name)
      text += c == '"' ? std::string("\"\"") : std::string(1, c);
    return text + '"';
  }

  Connection& connection_;
  std::vector<View> kept_{};
};

/// Tables that others refer to are replaced; whether all references hold is checked at the end.
class NoForeignKeys {
 public:
  explicit NoForeignKeys(Connection& connection) : connection_(connection) {
    connection.execute("PRAGMA foreign_keys = OFF");
  }
  ~NoForeignKeys() {
    sqlite3_exec(connection_.handle(), "PRAGMA foreign_keys = ON", nullptr, nullptr, nullptr);
  }
  NoForeignKeys(const NoForeignKeys&) = delete;
  NoForeignKeys& operator=(const NoForeignKeys&) = delete;

 private:
  Connection& connection_;
};

}  // namespace

void migrate(Connection& connection, const fs::path& file, const std::vector<Migration>& known) {
  const auto wanted = newest_of(known);
  require_known(connection, file, known);
  const auto before = version_of(connection);
  if (before == wanted) return;
  if (before > 0)
    copy_whole(connection,
               with_suffix(file, std::string(".v").append(std::to_string(before)).append(".bak")));
  const NoForeignKeys later(connection);
  Transaction transaction(connection);
  require_known(connection, file, known);  // another process may have been faster
  auto version = version_of(connection);
  Views views(connection, file, version);
  while (version < wanted) {
    const auto& migration = *next_of(known, version);
    connection.execute(migration.sql);
    version = migration.to;
    Statement(connection,
              "INSERT INTO schema_migration VALUES (?, ?, ?, "
              "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))")
        .run(version, migration.name, hash_of(migration));
  }
  views.restore();
  connection.execute("PRAGMA user_version = " + std::to_string(wanted) +
                     "; PRAGMA application_id = " + std::to_string(application_id));
  if (!connection.text("PRAGMA foreign_key_check").empty()) {
    refuse(file, "cannot be converted to schema " + std::to_string(wanted) +
                     ": rows would refer to missing rows; it was not changed");
  }
  base::fault_point("store.migrate");
  transaction.commit();
}

Connection open_for_writing(const fs::path& file) {
  require_regular_name(file);
  if (file.has_parent_path()) {
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    if (error) refuse(file, "its folder cannot be created: " + error.message());
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
  const auto newest = newest_schema();
  if (version < newest) {
    refuse(file, "has schema " + std::to_string(version) + ", but this runner reads " +
                     std::to_string(newest) + "; 'runner db migrate' converts it and keeps a copy");
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
