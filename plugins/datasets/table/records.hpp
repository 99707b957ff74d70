#pragma once
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

namespace table {

/// A value of a table: nothing (an empty field, null or a missing key), text, or a list of texts.
/// Numbers and truth values of JSON are text as written there.
using Cell = std::variant<std::monostate, std::string, std::vector<std::string>>;

/// A row, one cell for each column asked for.
struct Record {
  std::vector<Cell> cells{};
  std::int64_t line = 0;  ///< of the file; in a JSON array the number of the object, from 1
};

struct Records {
  std::vector<Record> rows{};
  std::string file{};  ///< name, for messages
  bool lines = true;   ///< whether Record::line is a line of the file

  /// "labels.csv:17", or "labels.json, object 17".
  std::string place(const Record& record) const;
};

/// Reads the named columns of a table; everything else in it is passed over without being kept.
/// `format` is csv, tsv, json (an array of objects) or jsonl (an object a line); or auto: what the
/// file's ending says.
/// @throws DataError `<place>: ...` for a file that is not what its format says, a column that no
/// row has, or a value that is an object or a list of anything but texts and numbers.
Records read_records(const std::filesystem::path& file, const std::string& format,
                     const std::vector<std::string>& columns);

}  // namespace table
