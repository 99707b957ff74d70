#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace earshot::kit {

/// A row of a table of text, and the line of the file where it begins (1 is the first).
struct TableRow {
  std::vector<std::string> fields{};
  std::int64_t line = 0;
};

/// How a table's bytes are read as text; what comes out is UTF-8.
enum class Encoding { utf_8, latin_1 };

/// Reads a CSV file as RFC 4180 describes it, row by row: fields may be quoted, and then hold
/// separators, line breaks and doubled quotes. Also taken: lines that end in LF, a byte order mark
/// at the start, `separator` '\t' for TSV, blank lines (skipped). Text is not trimmed.
/// @throws DataError `<file>:<line>: ...` for a file that cannot be read, text after a closing
/// quote, a quote never closed, a line that ends in CR alone, a byte that no text has (NUL), or
/// that UTF-8 does not have there (with its column, counted in bytes).
void read_csv(const std::filesystem::path& file, char separator,
              const std::function<void(TableRow)>& take, Encoding encoding = Encoding::utf_8);

/// A CSV file whose first row names the columns.
class Table {
 public:
  /// @throws DataError as read_csv(), for a name given twice (the empty one may be), no header, and
  /// rows with another number of fields than the header.
  explicit Table(const std::filesystem::path& file, char separator = ',',
                 Encoding encoding = Encoding::utf_8);

  const std::vector<std::string>& columns() const { return columns_; }
  const std::vector<TableRow>& rows() const { return rows_; }

  /// @throws DataError naming the columns that there are.
  std::size_t column(const std::string& name) const;

  /// "<file>:<line>", for messages.
  std::string place(const TableRow& row) const;

 private:
  std::filesystem::path file_;
  std::vector<std::string> columns_;
  std::vector<TableRow> rows_;
};

/// The whole of `text` as a number. @throws DataError `<place>: <what> is '<text>'; ...`
double to_number(const std::string& text, const std::string& place, const std::string& what);
std::int64_t to_integer(const std::string& text, const std::string& place, const std::string& what);

}  // namespace earshot::kit
