#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/json.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace earshot::host {

/// @throws Failure (store_unusable): the file and what is wrong with it
[[noreturn]] void refuse_store(const std::filesystem::path& file, const std::string& problem);

using protocol::Json;

/// Prepared statements that are not in use: to prepare one takes longer than most of what it reads.
class IdleStatements {
 public:
  IdleStatements() = default;
  ~IdleStatements();
  IdleStatements(const IdleStatements&) = delete;
  IdleStatements& operator=(const IdleStatements&) = delete;

  /// One with this text, which is the caller's from then on; null if there is none.
  sqlite3_stmt* take(std::string_view sql);
  /// Resets the statement and keeps it, or ends it if there are many.
  void keep(sqlite3_stmt* statement);

 private:
  std::mutex mutex_{};
  std::multimap<std::string, sqlite3_stmt*, std::less<>> statements_{};
};

/// One connection to a SQLite file. Every error of SQLite becomes a Failure (store_unusable) with
/// the file, what is wrong and what to do.
class Connection {
 public:
  /// `flags` as in sqlite3_open_v2; `name` is for messages. Waits up to 30 s for locks.
  Connection(const std::string& uri, int flags, std::string name);

  /// Runs one or several statements that return nothing.
  void execute(const std::string& sql);
  /// The first column of the first row; 0 if there is none.
  std::int64_t integer(const std::string& sql) const;
  std::string text(const std::string& sql) const;

  /// Number of rows that the last statement changed.
  std::int64_t changes() const;
  std::int64_t last_id() const;

  /// Copies the file as it is between two transactions, while others may write. The copy appears
  /// under its name when it is complete.
  void copy_to(const std::filesystem::path& copy) const;

  const std::string& name() const { return name_; }
  sqlite3* handle() const { return database_.get(); }
  const std::shared_ptr<IdleStatements>& idle() const { return idle_; }

  /// @throws Failure that translates SQLite's error `code`; RefusedRow if that is a constraint
  [[noreturn]] void fail(int code) const;

  /// From now on, every Transaction checks whether the file is still where it was opened.
  void watch_place();
  /// @throws Failure if the file or its write-ahead log was removed or replaced since it was
  /// opened: whatever is written then is lost. Does nothing without watch_place().
  void require_in_place() const;

 private:
  struct Place {
    std::uint64_t device = 0, inode = 0;
    bool operator==(const Place&) const = default;
  };
  static Place place_of(const std::string& file);  ///< zeros if there is none

  Place file_{};         ///< when it was opened; zeros if not watched
  mutable Place log_{};  ///< that of the write-ahead log, once it exists
  std::string name_;
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> database_;
  std::shared_ptr<IdleStatements> idle_ = std::make_shared<IdleStatements>();
};

/// A prepared statement. Parameters count from 1, columns from 0.
///
///     Statement rows(connection, "SELECT key FROM cell WHERE dataset_id = ?");
///     rows.bind_all(dataset);
///     while (rows.step()) keys.push_back(rows.text(0));
class Statement {
 public:
  Statement(const Connection& connection, std::string_view sql);

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, int value) { return bind(index, std::int64_t{value}); }
  Statement& bind(int index, double value);  ///< NaN is stored as NULL
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, const std::string& text) {
    return bind(index, std::string_view(text));
  }
  Statement& bind(int index, const char* text) { return bind(index, std::string_view(text)); }
  Statement& bind(int index, std::span<const std::byte> bytes);  ///< as a BLOB
  Statement& bind(int index, std::span<const float> values);     ///< likewise; NULL if empty
  Statement& bind_null(int index);
  /// Null, numbers and texts as such; true and false as 1 and 0; lists and objects as JSON.
  Statement& bind(int index, const Json& value);

  /// Binds parameters 1, 2, ...
  template <class... Values>
  Statement& bind_all(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
    return *this;
  }

  /// Advances to the next row. @returns false after the last.
  bool step();
  /// Runs a statement that returns nothing, and resets it for the next values.
  void run();
  template <class... Values>
  void run(const Values&... values) {
    bind_all(values...);
    run();
  }
  /// Resets the statement to run again; bound values are kept.
  void reset();

  int columns() const;
  std::string column_name(int index) const;
  bool is_null(int index) const;
  std::int64_t integer(int index) const;
  double real(int index) const;
  std::string text(int index) const;           ///< "" for NULL
  std::vector<float> floats(int index) const;  ///< those of a BLOB
  /// Those of a BLOB or text, valid until the next step().
  std::string_view bytes(int index) const;
  /// A text parsed as JSON; null for NULL. @param where  its name in messages: "item 17"
  /// @throws Failure (store_unusable) if it is not valid JSON
  Json json(int index, const std::string& where) const;
  Json value(int index) const;  ///< with the type of the stored value; a BLOB as "80 bytes"

  sqlite3_stmt* handle() const { return statement_.get(); }

 private:
  struct Keep {
    std::shared_ptr<IdleStatements> idle{};
    void operator()(sqlite3_stmt* statement) const { idle->keep(statement); }
  };

  const Connection* connection_;
  std::unique_ptr<sqlite3_stmt, Keep> statement_;
};

/// BEGIN IMMEDIATE; rolled back if it is destroyed without commit(). On a watched connection, begin
/// and commit check that the file is in place (Connection::require_in_place). The lock is taken at
/// the beginning, since a transaction that begins by reading cannot wait for it later (it gets
/// SQLITE_BUSY immediately).
class Transaction {
 public:
  explicit Transaction(Connection& connection);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Connection* connection_;
};

}  // namespace earshot::host
