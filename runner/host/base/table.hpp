#pragma once
#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "host/base/document_table.hpp"
#include "protocol/json.hpp"

namespace earshot::host {

enum class Format { table, csv, spreadsheet, json, jsonl, markdown, latex, html };

/// "table", "csv", "json", "jsonl", "markdown" (or "md"), "latex" or "html".
/// @throws Failure (usage) for anything else
Format format_of(const std::string& name);

/// Whether it is markdown, latex or html.
bool is_document(Format format);

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
///   markdown, latex, html  see document_table.hpp; numbers and empty columns as in a table
/// csv, spreadsheet, json and jsonl are written row by row, the others by finish(). On a terminal
/// no text controls it, in any format.
class TableWriter {
 public:
  /// @param width  of the terminal; 0: unlimited
  TableWriter(std::ostream& out, std::vector<std::string> columns, Format format,
              std::size_t width = 0);

  /// What the table is about, in documents.
  void frame(TableFrame frame) { shown_.frame = std::move(frame); }

  /// One value per column: null, true/false, number or text; lists and objects appear as JSON.
  void row(const std::vector<protocol::Json>& values);
  /// A row of texts, of which those that look like a number are one from column `numbers_from` on.
  /// @param name       of the row, for macros
  /// @param standings  of the numbers by column, from the first column on; may be shorter
  void row(const std::vector<std::string>& texts, std::size_t numbers_from, std::string name,
           const std::vector<Standing>& standings);
  void finish();
  std::size_t rows() const { return rows_; }

 private:
  void add_shown(const std::vector<protocol::Json>& values);
  void finish_table();
  void finish_document();
  void drop_empty_columns();
  std::vector<std::size_t> column_widths() const;

  std::ostream& out_;
  std::vector<std::string> columns_;
  Format format_;
  std::size_t width_;
  std::size_t rows_ = 0;
  ShownTable shown_{};           ///< for the formats that finish() writes
  std::vector<bool> numeric_{};  ///< columns with nothing but numbers
};

/// Number of characters that a terminal shows for UTF-8 `text`, one column each.
std::size_t display_width(const std::string& text);

}  // namespace earshot::host
