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

/// How a table's bytes are decoded; the result is UTF-8.
enum class Encoding { utf_8, latin_1 };

/// Reads a CSV file as described in RFC 4180, row by row: fields may be quoted, and then contain
/// separators, line breaks and doubled quotes. Also accepted: lines that end in LF, a byte order
/// mark at the start, `separator` '\t' for TSV, blank lines (skipped). Text is not trimmed.
/// @throws DataError `<file>:<line>: ...` for a file that cannot be read, text after a closing
/// quote, an unclosed quote, a line that ends in CR alone, a NUL byte, or a byte that is not valid
/// UTF-8 (with its column, counted in bytes).
void read_csv(const std::filesystem::path& file, char separator,
              const std::function<void(TableRow)>& take, Encoding encoding = Encoding::utf_8);

/// A CSV file whose first row names the columns.
class Table {
 public:
  /// @throws DataError like read_csv(), for a duplicate name (except the empty one), no header, or
  /// rows whose number of fields differs from the header's.
  explicit Table(const std::filesystem::path& file, char separator = ',',
                 Encoding encoding = Encoding::utf_8);

  const std::vector<std::string>& columns() const { return columns_; }
  const std::vector<TableRow>& rows() const { return rows_; }

  /// @throws DataError naming the existing columns.
  std::size_t column(const std::string& name) const;

  /// "<file>:<line>", for messages.
  std::string place(const TableRow& row) const;

 private:
  std::filesystem::path file_;
  std::vector<std::string> columns_;
  std::vector<TableRow> rows_;
};

/// All of `text` as a number. @throws DataError `<place>: <what> is '<text>'; ...`
double to_number(const std::string& text, const std::string& place, const std::string& what);
std::int64_t to_integer(const std::string& text, const std::string& place, const std::string& what);

}  // namespace earshot::kit
