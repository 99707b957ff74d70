#pragma once
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "host/store/store.hpp"

namespace earshot::host {

/// An error in SQL written by a user, or in its parameters; never one in the file.
class SqlMistake : public std::runtime_error {
 public:
  explicit SqlMistake(const std::string& problem) : std::runtime_error(problem) {}
  ~SqlMistake() override;
};

/// Rows for a table or an export, read from the file one at a time. The store must outlive them.
class Rows {
 public:
  enum class Author { earshot, user };

  explicit Rows(Statement statement, Author author = Author::earshot)
      : statement_(std::move(statement)), author_(author) {}

  std::vector<std::string> columns() const;
  /// Reads the next row, with a value for each column: null, number or text; a BLOB as "80 bytes".
  /// @returns false after the last row
  /// @throws SqlMistake if the SQL was written by a user and fails
  bool next(std::vector<Json>& values);

 private:
  Statement statement_;
  Author author_;
};

/// The rows of one statement written by a user, or of a ready-made query (queries.hpp). It cannot
/// change anything.
/// @param parameters  values by name ("encoder" for ":encoder"); all others are NULL
/// @throws SqlMistake for invalid SQL, several statements, a statement that would change something,
/// or a parameter that the statement does not have, naming those that it has
Rows select(const Store& store, const std::string& sql,
            const std::vector<std::pair<std::string, std::string>>& parameters = {});

}  // namespace earshot::host
