#pragma once
#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "protocol/json.hpp"

namespace earshot::host {

enum class Format { table, csv, spreadsheet, json, jsonl };

/// "table", "csv", "json" or "jsonl". @throws Failure (usage) for anything else
/// @param others formats that the command has in addition, for the message
Format format_of(const std::string& name, const std::vector<std::string>& others = {});

/// Columns of the terminal that `stdout` is connected to; 0 if it is not a terminal, so that
/// nothing is cut in files.
std::size_t terminal_width();

/// Writes rows as
///   table  aligned columns, numbers on the right with at most 4 decimals; for people. Columns that
///          are empty in all rows are omitted, and texts are cut if rows are wider than `width`
///   csv    RFC 4180 with a header line; numbers as the shortest text that reads back to the same
///          bits, null as an empty field
///   spreadsheet  csv in which no text is taken for a formula: one that begins with = + - @, tab or
///          carriage return is prefixed with an apostrophe
///   json   one array with an object per row, keys in the order of the columns
///   jsonl  the same objects, one per line
/// All but table are written row by row, table by finish().
class TableWriter {
 public:
  /// @param width  of the terminal; 0: unlimited
  TableWriter(std::ostream& out, std::vector<std::string> columns, Format format,
              std::size_t width = 0);

  /// One value per column: null, true/false, number or text; lists and objects appear as JSON.
  void row(const std::vector<protocol::Json>& values);
  void finish();
  std::size_t rows() const { return rows_; }

 private:
  void finish_table();
  void drop_empty_columns();
  std::vector<std::size_t> column_widths() const;

  std::ostream& out_;
  std::vector<std::string> columns_;
  Format format_;
  std::size_t width_;
  std::size_t rows_ = 0;
  std::vector<std::vector<std::string>> cells_{};  ///< for the format table
  std::vector<bool> numeric_{};                    ///< columns with nothing but numbers
};

/// Number of characters that a terminal shows for UTF-8 `text`, one column each.
std::size_t display_width(const std::string& text);

}  // namespace earshot::host
