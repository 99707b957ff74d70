#include "host/store/migration.hpp"

#include <algorithm>
#include <set>

#include <sqlite3.h>

#include "base/fault.hpp"
#include "host/base/failure.hpp"
#include "host/store/clock.hpp"
#include "host/store/embedded.hpp"
#include "protocol/hash.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t application_id = 0x45617273;  // "Ears"
constexpr std::int64_t first_schema = 6;             // earlier ones were never released

[[noreturn]] void refuse_development(const fs::path& file, const std::string& schema) {
  refuse_store(
      file, "was written by a development version of Earshot (" + schema +
                "), which this runner cannot read; it was not changed. Run the experiments again "
                "with another --results, or read it with the build that wrote it ('runner "
                "export')");
}

std::string hash_of(const Migration& migration) {
  return protocol::sha256(std::string_view(migration.sql));
}

/// The step that leads furthest from this version; null if there is none.
const Migration* next_of(const std::vector<Migration>& known, std::int64_t version) {
  const Migration* next = nullptr;
  for (const auto& migration : known)
    if (migration.from == version && (next == nullptr || migration.to > next->to))
      next = &migration;
  return next;
}

/// Refuses a file that was created by a step with the number of a known one, but another text.
void require_same_steps(const Connection& connection, const fs::path& file,
                        const std::vector<Migration>& known) {
  Statement rows(connection, "SELECT version, sql_sha256 FROM schema_migration ORDER BY version");
  while (rows.step()) {
    const auto version = rows.integer(0);
    const auto hash = rows.text(1);
    bool listed = false, same = false;
    for (const auto& migration : known) {
      if (migration.to != version) continue;
      listed = true;
      same = same || hash_of(migration) == hash;
    }
    if (listed && !same) refuse_development(file, "with another schema " + std::to_string(version));
  }
}

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

std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char c : name)
    text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + '"';
}

/// SQLite checks views when a table changes, so all are dropped first. Those of the user are
/// restored unchanged, even if they use a column that no longer exists.
class Views {
 public:
  /// Drops all views. @param version  that of the file, which determines which views are Earshot's
  Views(Connection& connection, const fs::path& file, std::int64_t version)
      : connection_(connection), file_(file) {
    const auto ours = version == 0 ? std::set<std::string>() : names_of(version);
    for (const auto& view : views_in(connection)) {
      if (!ours.contains(view.name)) kept_.push_back(view);
      connection.execute("DROP VIEW " + quoted(view.name));
    }
  }

  /// Creates the views of views.sql, records them with the new version, and then creates the
  /// user's.
  void restore(std::int64_t version) {
    connection_.execute(std::string(views_sql));
    std::set<std::string> ours;
    for (const auto& view : views_in(connection_))
      ours.insert(view.name);
    Statement(connection_, "UPDATE schema_migration SET views = ? WHERE version = ?")
        .run(Json(ours), version);
    for (const auto& view : kept_) {
      if (ours.contains(view.name))
        refuse_store(file_,
                     "has a view '" + view.name +
                         "' that is not Earshot's, and the newer schema has a view with that name; "
                         "the file was not changed. Rename yours with sqlite3 and run the command "
                         "again");
      connection_.execute(view.sql);
    }
  }

 private:
  std::set<std::string> names_of(std::int64_t version) const {
    Statement row(connection_, "SELECT views FROM schema_migration WHERE version = ?");
    row.bind_all(version);
    if (!row.step()) return {};
    return row.json(0, "views of schema " + std::to_string(version)).get<std::set<std::string>>();
  }

  Connection& connection_;
  fs::path file_;
  std::vector<View> kept_{};
};

/// Meanwhile, tables that others refer to may be replaced; all references are checked at the end.
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

const std::vector<Migration>& migrations() {
  static const std::vector<Migration> known{
      {"schema", std::string(schema_sql), 0, first_schema},
  };
  return known;
}

std::int64_t newest_schema(const std::vector<Migration>& known) {
  std::int64_t newest = 0;
  for (const auto& migration : known)
    newest = std::max(newest, migration.to);
  return newest;
}

std::int64_t schema_of(const Connection& connection) {
  return connection.integer("PRAGMA user_version");
}

void require_known(const Connection& connection, const fs::path& file,
                   const std::vector<Migration>& known) {
  const auto version = schema_of(connection);
  const auto id = connection.integer("PRAGMA application_id");
  const bool empty = connection.integer("SELECT count(*) FROM sqlite_master") == 0;
  if (empty && version == 0 && id == 0) return;
  if (id != application_id) {
    refuse_store(
        file,
        "is an SQLite file of another program, not a results file; choose another with --results");
  }
  if (version < 0)
    refuse_store(file,
                 "is damaged (its schema says " + std::to_string(version) +
                     "); it was not changed. Restore a backup ('runner db backup' or a '.bak' file "
                     "next to it), or rescue rows with: sqlite3 FILE .recover");
  const auto newest = newest_schema(known);
  if (version > newest)
    refuse_store(
        file,
        "has schema " + std::to_string(version) + ", but this runner only knows " +
            std::to_string(newest) +
            "; it was not changed. Use a newer runner, or choose another file with --results");
  if (version < newest && (version == 0 || next_of(known, version) == nullptr))
    refuse_development(file, "schema " + std::to_string(version));
  require_same_steps(connection, file, known);
}

void migrate(Connection& connection, const fs::path& file, const std::vector<Migration>& known) {
  const auto wanted = newest_schema(known);
  require_known(connection, file, known);
  const auto before = schema_of(connection);
  if (before == wanted) return;
  if (before > 0) connection.copy_to(file.string() + ".v" + std::to_string(before) + ".bak");
  const NoForeignKeys later(connection);
  Transaction transaction(connection);
  require_known(connection, file, known);  // another process may have migrated it meanwhile
  auto version = schema_of(connection);
  if (version == wanted) return;
  Views views(connection, file, version);
  while (version < wanted) {
    const auto& migration = *next_of(known, version);
    connection.execute(migration.sql);
    version = migration.to;
    Statement(connection,
              "INSERT INTO schema_migration(version, name, sql_sha256, applied_ms) "
              "VALUES (?, ?, ?, ?)")
        .run(version, migration.name, hash_of(migration), now_ms());
  }
  views.restore(version);
  connection.execute("PRAGMA user_version = " + std::to_string(wanted) +
                     "; PRAGMA application_id = " + std::to_string(application_id));
  if (!connection.text("PRAGMA foreign_key_check").empty()) {
    refuse_store(file, "cannot be converted to schema " + std::to_string(wanted) +
                           ": rows would refer to missing rows; it was not changed");
  }
  base::fault_point("store.migrate");
  transaction.commit();
}

}  // namespace earshot::host
