#include "host/store/sqlite.hpp"

#include <bit>
#include <cstring>
#include <utility>

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/failure.hpp"
#include "host/store/refused_row.hpp"

namespace earshot::host {
namespace {

static_assert(std::endian::native == std::endian::little, "BLOBs of numbers are little endian");

/// What a user can do about an error of SQLite.
std::string explain(sqlite3* database, int code) {
  const std::string detail = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "is locked by another process; only one process can write at a time. Wait for it or "
             "end it";
    case SQLITE_FULL:
      return "cannot grow: the disk is full. Free some space and run the same command again; "
             "committed results are kept";
    case SQLITE_READONLY:
      return "cannot be written (" + detail + "); check the permissions of the file and its folder";
    case SQLITE_CORRUPT:
      return "is damaged (" + detail +
             "); it was not changed. Restore a backup ('runner db backup' or a '.bak' file next to "
             "it), or rescue rows with: sqlite3 FILE .recover";
    case SQLITE_NOTADB:
      return "is not a results file: its content is not SQLite. Choose another with --results";
    case SQLITE_CANTOPEN:
      return "cannot be opened (" + detail + "); check the path and its permissions";
    case SQLITE_IOERR:
      return "cannot be read or written (" + detail + "); check the disk and its free space";
    default:
      return detail + " (SQLite error " + std::to_string(code) + ")";
  }
}

}  // namespace

RefusedRow::RefusedRow(const std::string& message, std::string detail)
    : Failure(ExitCode::store_unusable, message), detail_(std::move(detail)) {}
RefusedRow::~RefusedRow() = default;

void refuse_store(const std::filesystem::path& file, const std::string& problem) {
  throw Failure(ExitCode::store_unusable, file.string() + ": " + problem);
}

Connection::Connection(const std::string& uri, int flags, std::string name)
    : name_(std::move(name)), database_(nullptr, sqlite3_close_v2) {
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(uri.c_str(), &database, flags, nullptr);
  database_.reset(database);
  if (code != SQLITE_OK) fail(code);
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, 30'000);
}

void Connection::fail(int code) const {
  const auto problem = explain(handle(), code);
  if ((code & 0xff) == SQLITE_CONSTRAINT) throw RefusedRow(name_ + ": " + problem, problem);
  throw Failure(ExitCode::store_unusable, name_ + ": " + problem);
}

Connection::Place Connection::place_of(const std::string& file) {
  struct stat facts {};
  if (::stat(file.c_str(), &facts) != 0) return {};
  return {facts.st_dev, facts.st_ino};
}

void Connection::watch_place() {
  file_ = place_of(name_);
}

void Connection::require_in_place() const {
  if (file_ == Place{}) return;
  int moved = 0;
  sqlite3_file_control(handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  const auto file = place_of(name_);
  const bool gone = moved != 0 || file != file_;
  const std::string path = sqlite3_db_filename(handle(), "main");  // with links resolved
  const auto log = place_of(path + "-wal");
  if (log_ == Place{}) log_ = log;
  if (!gone && log == log_) return;
  // Otherwise the log of the removed file would be taken for the log of the new one.
  if (gone && file != Place{} && log != Place{} && log == log_) {
    ::unlink((path + "-wal").c_str());
    ::unlink((path + "-shm").c_str());
  }
  throw Failure(ExitCode::store_unusable,
                name_ + ": the file" + (gone ? "" : " next to it, '-wal',") +
                    " was removed or replaced while it was in use, so everything recorded since is "
                    "lost. Do not touch the file during a run; run the same command again");
}

void Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

std::int64_t Connection::integer(const std::string& sql) const {
  Statement statement(*this, sql);
  return statement.step() ? statement.integer(0) : 0;
}

std::string Connection::text(const std::string& sql) const {
  Statement statement(*this, sql);
  return statement.step() ? statement.text(0) : std::string();
}

std::int64_t Connection::changes() const {
  return sqlite3_changes64(handle());
}
std::int64_t Connection::last_id() const {
  return sqlite3_last_insert_rowid(handle());
}

IdleStatements::~IdleStatements() {
  for (const auto& [sql, statement] : statements_)
    sqlite3_finalize(statement);
}

sqlite3_stmt* IdleStatements::take(std::string_view sql) {
  const std::lock_guard lock(mutex_);
  const auto found = statements_.find(sql);
  return found == statements_.end() ? nullptr : statements_.extract(found).mapped();
}

void IdleStatements::keep(sqlite3_stmt* statement) {
  constexpr std::size_t most = 64;
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  const std::lock_guard lock(mutex_);
  if (statements_.size() < most)
    statements_.emplace(sqlite3_sql(statement), statement);
  else
    sqlite3_finalize(statement);
}

Statement::Statement(const Connection& connection, std::string_view sql)
    : connection_(&connection), statement_(connection.idle()->take(sql), Keep{connection.idle()}) {
  if (statement_) return;
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(connection.handle(), sql.data(), static_cast<int>(sql.size()),
                                      &statement, nullptr);
  statement_.reset(statement);
  if (code != SQLITE_OK) connection.fail(code);
}

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(handle(), index, value);
  return *this;
}

Statement& Statement::bind(int index, double value) {
  sqlite3_bind_double(handle(), index, value);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  sqlite3_bind_text64(handle(), index, text.data() != nullptr ? text.data() : "", text.size(),
                      SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind(int index, std::span<const std::byte> bytes) {
  sqlite3_bind_blob64(handle(), index, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind(int index, std::span<const float> values) {
  if (values.empty()) return bind_null(index);
  sqlite3_bind_blob64(handle(), index, values.data(), values.size_bytes(), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind_null(int index) {
  sqlite3_bind_null(handle(), index);
  return *this;
}

Statement& Statement::bind(int index, const Json& value) {
  if (value.is_null()) return bind_null(index);
  if (value.is_boolean()) return bind(index, value.get<bool>() ? 1 : 0);
  if (value.is_number_integer()) return bind(index, value.get<std::int64_t>());
  if (value.is_number()) return bind(index, value.get<double>());
  if (value.is_string()) return bind(index, value.get_ref<const std::string&>());
  return bind(index, protocol::json_text(value));
}

bool Statement::step() {
  const int code = sqlite3_step(handle());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) connection_->fail(code);
  return false;
}

void Statement::run() {
  const int code = sqlite3_step(handle());
  if (code != SQLITE_DONE && code != SQLITE_ROW) connection_->fail(code);
  sqlite3_reset(handle());
}

void Statement::reset() {
  sqlite3_reset(handle());
}

int Statement::columns() const {
  return sqlite3_column_count(handle());
}

std::string Statement::column_name(int index) const {
  return sqlite3_column_name(handle(), index);
}

bool Statement::is_null(int index) const {
  return sqlite3_column_type(handle(), index) == SQLITE_NULL;
}

std::int64_t Statement::integer(int index) const {
  return sqlite3_column_int64(handle(), index);
}
double Statement::real(int index) const {
  return sqlite3_column_double(handle(), index);
}

std::string Statement::text(int index) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle(), index));
  return text == nullptr
             ? std::string()
             : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(handle(), index)));
}

std::string_view Statement::bytes(int index) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle(), index));
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle(), index))};
}

std::vector<float> Statement::floats(int index) const {
  const auto blob = bytes(index);
  std::vector<float> values(blob.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), blob.data(), values.size() * sizeof(float));
  return values;
}

Json Statement::json(int index, const std::string& where) const {
  if (is_null(index)) return nullptr;
  try {
    return Json::parse(bytes(index));
  } catch (const Json::exception& error) {
    throw Failure(ExitCode::store_unusable, connection_->name() + ": " + where +
                                                " is not valid JSON: " + error.what() +
                                                ". 'runner db check' examines the file");
  }
}

Json Statement::value(int index) const {
  switch (sqlite3_column_type(handle(), index)) {
    case SQLITE_NULL:
      return nullptr;
    case SQLITE_INTEGER:
      return integer(index);
    case SQLITE_FLOAT:
      return real(index);
    case SQLITE_BLOB:
      return std::to_string(sqlite3_column_bytes(handle(), index)) + " bytes";
    default:
      return text(index);
  }
}

void Connection::copy_to(const std::filesystem::path& copy) const {
  const std::filesystem::path temporary = copy.string() + '.' + std::to_string(::getpid());
  std::filesystem::remove(temporary);
  Statement(*this, "VACUUM INTO ?").run(temporary.string());
  std::error_code error;
  std::filesystem::rename(temporary, copy, error);
  if (error)
    throw Failure(ExitCode::store_unusable,
                  copy.string() + ": cannot be written: " + error.message());
}

Transaction::Transaction(Connection& connection) : connection_(&connection) {
  connection.require_in_place();
  connection.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  // After a failed commit SQLite may have rolled back by itself.
  if (connection_ != nullptr && sqlite3_get_autocommit(connection_->handle()) == 0) {
    sqlite3_exec(connection_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

void Transaction::commit() {
  connection_->execute("COMMIT");
  std::exchange(connection_, nullptr)->require_in_place();
}

}  // namespace earshot::host
