#pragma once
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "host/store/store.hpp"

namespace earshot::host {

/// An error in SQL that a user wrote, or in its parameters; never in the file.
class SqlMistake : public std::runtime_error {
 public:
  explicit SqlMistake(const std::string& problem) : std::runtime_error(problem) {}
  ~SqlMistake() override;
};

/// Rows for a table or an export, read from the file one at a time. The store outlives them.
class Rows {
 public:
  enum class Author { earshot, user };

  explicit Rows(Statement statement, Author author = Author::earshot)
      : statement_(std::move(statement)), author_(author) {}

  std::vector<std::string> columns() const;
  /// The next row, a value for each column: null, number or text; a BLOB as "80 bytes".
  /// @returns false after the last row
  /// @throws SqlMistake where the SQL is a user's and cannot be carried out
  bool next(std::vector<Json>& values);

 private:
  Statement statement_;
  Author author_;
};

/// The rows of one statement that a user wrote, or of a ready-made query (queries.hpp). It can
/// change nothing.
/// @param parameters  values by name, of ":encoder" that of "encoder"; others are NULL
/// @throws SqlMistake for wrong SQL, several statements, one that would change something, or a
/// parameter that the statement does not have, with those that it has
Rows select(const Store& store, const std::string& sql,
            const std::vector<std::pair<std::string, std::string>>& parameters = {});

}  // namespace earshot::host
