#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace earshot::kit {

/// A value in a table: nothing (an empty field, null or a missing key), text, or a list of texts.
/// JSON numbers and booleans are text as written there.
using Cell = std::variant<std::monostate, std::string, std::vector<std::string>>;

/// The text of a cell; "" for nothing, the texts of a list joined by ", ".
std::string text_of(const Cell& cell);

/// A row, with one cell for each requested column.
struct Record {
  std::vector<Cell> cells{};
  std::int64_t line = 0;  ///< line in the file; in a JSON array the number of the object, from 1
};

/// The file from which records are read.
struct RecordFile {
  std::string name{};  ///< without folders, for messages
  bool lines = true;   ///< whether Record::line is a line of the file

  /// "labels.csv:17", or "labels.json, object 17".
  std::string place(const Record& record) const { return place(record.line); }
  std::string place(std::int64_t line) const {
    return name + (lines ? ":" : ", object ") + std::to_string(line);
  }
};

/// Reads the named columns of a table, record by record; everything else in it is skipped and not
/// kept, so that a file of a million rows takes no more memory than what `take` keeps. `format` is
/// csv, tsv, json (an array of objects) or jsonl (an object per line, or an array of objects); or
/// auto: according to the file's extension. The cells of a record are those of `columns`, then
/// those of `optional`, columns that may be missing.
/// @throws DataError `<place>: ...` for a file that does not match its format or is not UTF-8, a
/// column that no row has, a duplicate key in an object, a text with a NUL, or a value that is an
/// object or a list of anything but texts and numbers.
RecordFile scan_records(const std::filesystem::path& file, const std::string& format,
                        const std::vector<std::string>& columns,
                        const std::vector<std::string>& optional,
                        const std::function<void(const RecordFile&, Record)>& take);

/// Names the first of these columns that the table lacks, with the nearest that it has: "t.csv has
/// no column 'lable'; did you mean 'label'? ..."; "" if all exist. For callers whose column names
/// come from a user, after scan_records() has failed.
std::string missing_column(const std::filesystem::path& file, const std::string& format,
                           const std::vector<std::string>& columns);

/// All of a table's records.
struct Records : RecordFile {
  std::vector<Record> rows{};
};
Records read_records(const std::filesystem::path& file, const std::string& format,
                     const std::vector<std::string>& columns,
                     const std::vector<std::string>& optional = {});

}  // namespace earshot::kit
