#pragma once
#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "protocol/json.hpp"

namespace earshot::host {

enum class Format { table, csv, json };

/// "table", "csv" or "json". @throws Failure (usage) for anything else
Format format_of(const std::string& name);

/// Writes rows as
///   table  columns aligned, numbers to the right with 4 decimals at most; for people
///   csv    RFC 4180 with a header line; numbers as the shortest text that reads back to the same
///          bits, null as an empty field
///   json   one array with an object per row, keys in the order of the columns
/// csv and json are written row by row, table at finish().
class TableWriter {
 public:
  TableWriter(std::ostream& out, std::vector<std::string> columns, Format format);

  /// One value per column: null, true/false, number or text; lists and objects appear as JSON.
  void row(const std::vector<protocol::Json>& values);
  void finish();
  std::size_t rows() const { return rows_; }

 private:
  void finish_table();

  std::ostream& out_;
  std::vector<std::string> columns_;
  Format format_;
  std::size_t rows_ = 0;
  std::vector<std::vector<std::string>> cells_{};  ///< of format table
  std::vector<bool> numeric_{};                    ///< columns of numbers only
};

/// Characters that a terminal shows for UTF-8 `text`, one column each.
std::size_t display_width(const std::string& text);

}  // namespace earshot::host
