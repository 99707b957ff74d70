#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace earshot::host {

/// DuckDB, through its C interface (duckdb.h, stable since 1.2). Its library is loaded when the
/// first object is made, since only one command needs it: the file that the environment variable
/// EARSHOT_DUCKDB names, or else libduckdb.so where the system looks for libraries.
class DuckDb {
 public:
  /// Opens a new database.
  /// @param file  does not exist; tables that do not fit into memory are kept there
  /// @throws Failure (usage) if the library is not installed or cannot be used, saying what to do
  explicit DuckDb(const std::filesystem::path& file);
  ~DuckDb();
  DuckDb(const DuckDb&) = delete;
  DuckDb& operator=(const DuckDb&) = delete;

  /// Runs a statement. @throws Failure (store_unusable) with DuckDB's message; likewise below
  void run(const std::string& statement);
  /// The first value that a statement returns, as text.
  std::string text(const std::string& statement);

  /// The name of a table or column, and a text, as they are written in statements.
  static std::string name(const std::string& text);
  static std::string quoted(const std::string& text);

 private:
  friend class DuckDbRows;
  void* database_ = nullptr;
  void* connection_ = nullptr;
};

/// Adds rows to a table, value by value in the order of its columns.
class DuckDbRows {
 public:
  DuckDbRows(DuckDb& database, const std::string& table);
  ~DuckDbRows();
  DuckDbRows(const DuckDbRows&) = delete;
  DuckDbRows& operator=(const DuckDbRows&) = delete;

  void add_null();
  void add(std::int64_t value);
  void add(double value);
  void add_text(std::string_view text);  ///< UTF-8
  void add_bytes(std::string_view bytes);
  void end_row();
  /// Without this, the last rows may be missing.
  void finish();

 private:
  void require(int state) const;
  void* appender_ = nullptr;
};

}  // namespace earshot::host
