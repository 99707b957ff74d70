#include "host/export/duckdb.hpp"

#include <array>
#include <cstdlib>

#include <dlfcn.h>

#include "host/base/failure.hpp"
#include "host/base/plain_text.hpp"

namespace earshot::host {
namespace {

/// What statements return, as its header lays it out: three numbers and three pointers.
struct DuckDbResult {
  std::array<std::uint64_t, 3> counts{};
  std::array<void*, 3> pointers{};
};

constexpr const char* how_to_install =
    "Parquet is written by DuckDB's library: install libduckdb.so, version 1.2 or later "
    "(libduckdb-linux-amd64.zip of github.com/duckdb/duckdb/releases, or conda-forge's "
    "libduckdb), or name its file in EARSHOT_DUCKDB";

[[noreturn]] void refuse_library(const std::string& problem) {
  throw Failure(ExitCode::usage, "runner export: " + plain_text(problem) + ". " + how_to_install);
}

std::string library_name() {
  const char* const given = std::getenv("EARSHOT_DUCKDB");
  return given != nullptr && *given != '\0' ? given : "libduckdb.so";
}

/// The functions of the library, by the names of its header without "duckdb_".
struct Library {
  using Free = void(void*);
  using Append = int(void*);
  explicit Library(const std::string& file) : handle(::dlopen(file.c_str(), RTLD_LAZY)) {
    if (handle == nullptr) refuse_library(std::string("DuckDB cannot be used: ") + ::dlerror());
    find(open_ext, "open_ext");
    find(close, "close");
    find(connect, "connect");
    find(disconnect, "disconnect");
    find(query, "query");
    find(result_error, "result_error");
    find(value_varchar, "value_varchar");
    find(destroy_result, "destroy_result");
    find(free, "free");
    find(appender_create, "appender_create");
    find(appender_error, "appender_error");
    find(appender_close, "appender_close");
    find(appender_destroy, "appender_destroy");
    find(appender_end_row, "appender_end_row");
    find(append_null, "append_null");
    find(append_int64, "append_int64");
    find(append_double, "append_double");
    find(append_varchar_length, "append_varchar_length");
    find(append_blob, "append_blob");
  }

  template <class Function>
  void find(Function*& function, const std::string& name) {
    function = reinterpret_cast<Function*>(::dlsym(handle, ("duckdb_" + name).c_str()));
    if (function == nullptr)
      refuse_library("'" + library_name() + "' has no function duckdb_" + name);
  }

  void* handle;
  int (*open_ext)(const char*, void**, void*, char**) = nullptr;
  void (*close)(void**) = nullptr;
  int (*connect)(void*, void**) = nullptr;
  void (*disconnect)(void**) = nullptr;
  int (*query)(void*, const char*, DuckDbResult*) = nullptr;
  const char* (*result_error)(DuckDbResult*) = nullptr;
  char* (*value_varchar)(DuckDbResult*, std::uint64_t, std::uint64_t) = nullptr;
  void (*destroy_result)(DuckDbResult*) = nullptr;
  Free* free = nullptr;
  int (*appender_create)(void*, const char*, const char*, void**) = nullptr;
  const char* (*appender_error)(void*) = nullptr;
  Append* appender_close = nullptr;
  int (*appender_destroy)(void**) = nullptr;
  Append* appender_end_row = nullptr;
  Append* append_null = nullptr;
  int (*append_int64)(void*, std::int64_t) = nullptr;
  int (*append_double)(void*, double) = nullptr;
  int (*append_varchar_length)(void*, const char*, std::uint64_t) = nullptr;
  int (*append_blob)(void*, const void*, std::uint64_t) = nullptr;
};

/// Never unloaded: its threads may outlive a database.
const Library& duckdb() {
  static const Library library(library_name());
  return library;
}

[[noreturn]] void fail_in_duckdb(const char* message) {
  throw Failure(ExitCode::store_unusable,
                "DuckDB: " + plain_text(message != nullptr ? message : "unknown error"));
}

/// A result that is released; ends with the message if there is one.
class Answered {
 public:
  Answered(void* connection, const std::string& statement)
      : failed_(duckdb().query(connection, statement.c_str(), &result_) != 0) {}
  ~Answered() { duckdb().destroy_result(&result_); }
  Answered(const Answered&) = delete;
  Answered& operator=(const Answered&) = delete;
  DuckDbResult* get() {
    if (failed_) fail_in_duckdb(duckdb().result_error(&result_));
    return &result_;
  }

 private:
  DuckDbResult result_{};
  bool failed_;
};

std::string enclosed(const std::string& text, char mark) {
  std::string written(1, mark);
  for (const char character : text) {
    if (character == mark) written += mark;
    written += character;
  }
  return written + mark;
}

}  // namespace

DuckDb::DuckDb(const std::filesystem::path& file) {
  char* message = nullptr;
  if (duckdb().open_ext(file.c_str(), &database_, nullptr, &message) != 0) {
    const std::string problem = message != nullptr ? message : "the database cannot be created";
    duckdb().free(message);
    fail_in_duckdb(problem.c_str());
  }
  if (duckdb().connect(database_, &connection_) != 0) {
    duckdb().close(&database_);
    fail_in_duckdb("no connection");
  }
}

DuckDb::~DuckDb() {
  duckdb().disconnect(&connection_);
  duckdb().close(&database_);
}

void DuckDb::run(const std::string& statement) {
  Answered(connection_, statement).get();
}

std::string DuckDb::text(const std::string& statement) {
  Answered result(connection_, statement);
  char* const value = duckdb().value_varchar(result.get(), 0, 0);
  if (value == nullptr) return "";
  std::string text = value;
  duckdb().free(value);
  return text;
}

std::string DuckDb::name(const std::string& text) {
  return enclosed(text, '"');
}

std::string DuckDb::quoted(const std::string& text) {
  return enclosed(text, '\'');
}

DuckDbRows::DuckDbRows(DuckDb& database, const std::string& table) {
  if (duckdb().appender_create(database.connection_, nullptr, table.c_str(), &appender_) == 0)
    return;
  const char* const message = appender_ != nullptr ? duckdb().appender_error(appender_) : nullptr;
  const std::string problem = message != nullptr ? message : "the table cannot be filled";
  duckdb().appender_destroy(&appender_);
  fail_in_duckdb(problem.c_str());
}

DuckDbRows::~DuckDbRows() {
  duckdb().appender_destroy(&appender_);
}

void DuckDbRows::require(int state) const {
  if (state != 0) fail_in_duckdb(duckdb().appender_error(appender_));
}

void DuckDbRows::add_null() {
  require(duckdb().append_null(appender_));
}

void DuckDbRows::add(std::int64_t value) {
  require(duckdb().append_int64(appender_, value));
}

void DuckDbRows::add(double value) {
  require(duckdb().append_double(appender_, value));
}

void DuckDbRows::add_text(std::string_view text) {
  require(duckdb().append_varchar_length(appender_, text.data(), text.size()));
}

void DuckDbRows::add_bytes(std::string_view bytes) {
  require(duckdb().append_blob(appender_, bytes.data(), bytes.size()));
}

void DuckDbRows::end_row() {
  require(duckdb().appender_end_row(appender_));
}

void DuckDbRows::finish() {
  require(duckdb().appender_close(appender_));
}

}  // namespace earshot::host
