#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace earshot::kit {

/// A value of a table: nothing (an empty field, null or a missing key), text, or a list of texts.
/// Numbers and truth values of JSON are text as written there.
using Cell = std::variant<std::monostate, std::string, std::vector<std::string>>;

/// The text of a cell; "" for nothing, the texts of a list with ", " between them.
std::string text_of(const Cell& cell);

/// A row, one cell for each column asked for.
struct Record {
  std::vector<Cell> cells{};
  std::int64_t line = 0;  ///< of the file; in a JSON array the number of the object, from 1
};

/// Where records come from.
struct RecordFile {
  std::string name{};  ///< without folders, for messages
  bool lines = true;   ///< whether Record::line is a line of the file

  /// "labels.csv:17", or "labels.json, object 17".
  std::string place(const Record& record) const { return place(record.line); }
  std::string place(std::int64_t line) const {
    return name + (lines ? ":" : ", object ") + std::to_string(line);
  }
};

/// Reads the named columns of a table, record by record; everything else in it is passed over
/// without being kept, so that a file of a million rows takes no more memory than what `take`
/// keeps. `format` is csv, tsv, json (an array of objects) or jsonl (an object a line, or such an
/// array all the same); or auto: what the file's ending says. The cells of a record are those of
/// `columns`, then those of `optional`, columns that need not be there.
/// @throws DataError `<place>: ...` for a file that is not what its format says or no UTF-8, a
/// column that no row has, a key that an object has twice, a text with a NUL, or a value that is an
/// object or a list of anything but texts and numbers.
RecordFile scan_records(const std::filesystem::path& file, const std::string& format,
                        const std::vector<std::string>& columns,
                        const std::vector<std::string>& optional,
                        const std::function<void(const RecordFile&, Record)>& take);

/// What is wrong with the first of these columns that the table does not have, with the nearest
/// that it has: "t.csv has no column 'lable'; did you mean 'label'? ..."; "" when all are there.
/// For who was given their names by a user, when scan_records() has failed.
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
