#include "records.hpp"

#include <algorithm>
#include <fstream>
#include <set>

#include <nlohmann/json.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/names.hpp>
#include <earshot/kit/table.hpp>

namespace table {

using earshot::ConfigError;
using earshot::DataError;

namespace {

/// Takes flat objects out of JSON as it is read, so that a million rows never lie in memory as a
/// tree. `depth` at which objects are rows: 1 in an array of them, 0 where each is a document.
class RowReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  RowReader(Records& records, const std::vector<std::string>& columns, int depth)
      : records_(records), columns_(columns), row_depth_(depth) {}

  void begin_document(std::int64_t line) { line_ = line; }
  const std::set<std::string>& seen() const { return seen_; }

  bool null() override { return scalar({}, "null"); }
  bool boolean(bool value) override { return scalar(value ? "true" : "false", "a truth value"); }
  bool number_integer(number_integer_t value) override {
    return scalar(std::to_string(value), "a number");
  }
  bool number_unsigned(number_unsigned_t value) override {
    return scalar(std::to_string(value), "a number");
  }
  bool number_float(number_float_t, const string_t& text) override {
    return scalar(text, "a number");
  }
  bool string(string_t& text) override { return scalar(std::move(text), "a text"); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override {
    if (depth_ < row_depth_) expected_rows("an object");
    if (depth_ == row_depth_) {
      records_.rows.push_back(
          {std::vector<Cell>(columns_.size()),
           row_depth_ == 0 ? line_ : static_cast<std::int64_t>(records_.rows.size() + 1)});
    } else {
      refuse_value("an object");
    }
    ++depth_;
    return true;
  }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ == row_depth_) expected_rows("an array");
    if (depth_ > row_depth_ + 1) refuse_value("a list of lists");
    if (depth_ == row_depth_ + 1 && column_ < columns_.size())
      records_.rows.back().cells[column_] = std::vector<std::string>{};
    ++depth_;
    return true;
  }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool key(string_t& name) override {
    if (depth_ != row_depth_ + 1) return true;
    column_ = static_cast<std::size_t>(std::find(columns_.begin(), columns_.end(), name) -
                                       columns_.begin());
    if (column_ < columns_.size()) seen_.insert(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    const std::string what = error.what();
    const auto place = row_depth_ == 0 ? records_.file + ":" + std::to_string(line_)
                                       : records_.file + " at byte " + std::to_string(position);
    throw DataError(place + ": is no JSON; " +
                    what.substr(std::min(what.find("] ") + 2, what.size())));
  }

 private:
  [[noreturn]] void expected_rows(const char* what) const {
    throw DataError(records_.file + ": holds " + what + " where a row was expected; expected " +
                    (row_depth_ == 1 ? "an array of objects" : "an object in each line"));
  }
  void refuse_value(const char* what) const {
    if (column_ >= columns_.size()) return;
    throw DataError(records_.place(records_.rows.back()) + ": '" + columns_[column_] + "' is " +
                    what + "; expected a text, a number or a list of these");
  }
  bool scalar(std::string text, const char* what) {
    if (depth_ <= row_depth_) expected_rows(what);
    if (column_ >= columns_.size()) return true;
    auto& cell = records_.rows.back().cells[column_];
    if (auto* list = std::get_if<std::vector<std::string>>(&cell);
        list != nullptr && depth_ == row_depth_ + 2)
      list->push_back(std::move(text));
    else if (!text.empty())
      cell = std::move(text);
    return true;
  }

  Records& records_;
  const std::vector<std::string>& columns_;
  int row_depth_, depth_ = 0;
  std::size_t column_ = 0;
  std::int64_t line_ = 0;
  std::set<std::string> seen_{};
};

std::ifstream open(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file))
    throw DataError("cannot read the table '" + file.string() + "'; is the path right?");
  return stream;
}

void check_seen(const std::set<std::string>& seen, const std::vector<std::string>& columns,
                const std::string& file) {
  for (const auto& name : columns)
    if (!seen.contains(name))
      throw DataError(file + ": no row has '" + name + "'; name a key that the rows have");
}

void read_json(const std::filesystem::path& file, const std::vector<std::string>& columns,
               Records& records) {
  auto stream = open(file);
  records.lines = false;
  RowReader reader(records, columns, 1);
  nlohmann::json::sax_parse(stream, &reader);
  check_seen(reader.seen(), columns, records.file);
}

void read_json_lines(const std::filesystem::path& file, const std::vector<std::string>& columns,
                     Records& records) {
  auto stream = open(file);
  RowReader reader(records, columns, 0);
  std::int64_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    reader.begin_document(number);
    nlohmann::json::sax_parse(line, &reader);
  }
  check_seen(reader.seen(), columns, records.file);
}

void read_separated(const std::filesystem::path& file, char separator,
                    const std::vector<std::string>& columns, Records& records) {
  const earshot::kit::Table table(file, separator);
  std::vector<std::size_t> places;
  for (const auto& name : columns)
    places.push_back(table.column(name));
  for (const auto& row : table.rows()) {
    Record record{.line = row.line};
    for (const auto place : places)
      record.cells.push_back(row.fields[place].empty() ? Cell{} : Cell{row.fields[place]});
    records.rows.push_back(std::move(record));
  }
}

}  // namespace

std::string Records::place(const Record& record) const {
  return file + (lines ? ":" : ", object ") + std::to_string(record.line);
}

Records read_records(const std::filesystem::path& file, const std::string& format,
                     const std::vector<std::string>& columns) {
  const auto kind =
      format == "auto" ? earshot::kit::lower_case(file.extension().string()) : "." + format;
  Records records;
  records.file = file.filename().string();
  if (kind == ".csv")
    read_separated(file, ',', columns, records);
  else if (kind == ".tsv" || kind == ".tab")
    read_separated(file, '\t', columns, records);
  else if (kind == ".json")
    read_json(file, columns, records);
  else if (kind == ".jsonl" || kind == ".ndjson")
    read_json_lines(file, columns, records);
  else
    throw ConfigError("the table '" + records.file + "' ends in '" + file.extension().string() +
                      "'; known: .csv, .tsv, .json, .jsonl. say which with format");
  if (records.rows.empty()) throw DataError(records.file + ": has no rows; expected one a clip");
  return records;
}

}  // namespace table
