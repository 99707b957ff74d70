#include <algorithm>
#include <set>
#include <string_view>

#include <nlohmann/json.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/names.hpp>
#include <earshot/kit/records.hpp>
#include <earshot/kit/table.hpp>

#include "checkpoint/mapped_file.hpp"
#include "shared/nearest.hpp"
#include "utf8.hpp"

namespace earshot::kit {

namespace {

using Texts = std::vector<std::string>;
using Take = std::function<void(const RecordFile&, Record)>;

/// The columns that are read; the first `required` must exist.
struct Columns {
  Texts names{};
  std::size_t required = 0;

  void check_seen(const std::set<std::string>& seen, const std::string& file) const {
    for (std::size_t i = 0; i < required; ++i)
      if (!seen.contains(names[i]))
        throw DataError(file + ": no row has '" + names[i] + "'; give a key that the rows have");
  }
};

/// Takes flat objects out of JSON while it is read, so that a million rows are never a tree in
/// memory. `depth` at which objects are rows: 1 in an array of them, 0 if each is a document.
class RowReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  RowReader(const RecordFile& file, const Columns& columns, const Take& take)
      : file_(file), columns_(columns.names), take_(take), row_depth_(file.lines ? 0 : 1) {}

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
  bool string(string_t& text) override {
    if (column_ < columns_.size() && text.find('\0') != std::string::npos)
      throw DataError(file_.place(record_) + ": '" + columns_[column_] +
                      "' has a NUL character; expected a string");
    return scalar(std::move(text), "a string");
  }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override {
    if (depth_ < row_depth_) expected_rows("an object");
    if (depth_ == row_depth_) {
      filled_.assign(columns_.size(), false);
      record_ = Record{std::vector<Cell>(columns_.size()), row_depth_ == 0 ? line_ : ++line_};
    } else {
      refuse_value("an object");
    }
    ++depth_;
    return true;
  }
  bool end_object() override {
    --depth_;
    if (depth_ == row_depth_) take_(file_, std::move(record_));
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ == row_depth_) expected_rows("an array");
    if (depth_ > row_depth_ + 1) refuse_value("a list of lists");
    if (depth_ == row_depth_ + 1 && column_ < columns_.size()) record_.cells[column_] = Texts{};
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
    if (column_ >= columns_.size()) return true;
    if (filled_[column_])
      throw DataError(file_.place(record_) + ": has '" + name + "' twice; expected each key once");
    filled_[column_] = true;
    seen_.insert(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    const std::string what = error.what();
    const auto place =
        row_depth_ == 0 ? file_.place(line_) : file_.name + " at byte " + std::to_string(position);
    throw DataError(place + ": invalid JSON; " +
                    what.substr(std::min(what.find("] ") + 2, what.size())));
  }

 private:
  [[noreturn]] void expected_rows(const char* what) const {
    throw DataError(file_.name + ": holds " + what + " instead of a row; expected " +
                    (row_depth_ == 1 ? "an array of objects" : "an object on each line"));
  }
  void refuse_value(const char* what) const {
    if (column_ >= columns_.size()) return;
    throw DataError(file_.place(record_) + ": '" + columns_[column_] + "' is " + what +
                    "; expected a string, a number or a list of these");
  }
  bool scalar(std::string text, const char* what) {
    if (depth_ <= row_depth_) expected_rows(what);
    if (column_ >= columns_.size()) return true;
    auto& cell = record_.cells[column_];
    if (auto* list = std::get_if<Texts>(&cell); list != nullptr && depth_ == row_depth_ + 2)
      list->push_back(std::move(text));
    else if (!text.empty())
      cell = std::move(text);
    return true;
  }

  const RecordFile& file_;
  const Texts& columns_;
  const Take& take_;
  Record record_{};
  int row_depth_, depth_ = 0;
  std::size_t column_ = 0;
  std::int64_t line_ = 0;
  std::vector<bool> filled_{};  ///< columns of the current object
  std::set<std::string> seen_{};
};

/// The keys of the rows, in alphabetical order.
class KeyReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit KeyReader(int row_depth) : row_depth_(row_depth) {}
  Texts keys() const { return {keys_.begin(), keys_.end()}; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return ++depth_ > 0; }
  bool end_object() override { return depth_-- > 0; }
  bool start_array(std::size_t) override { return ++depth_ > 0; }
  bool end_array() override { return depth_-- > 0; }
  bool key(string_t& name) override {
    if (depth_ == row_depth_ + 1) keys_.insert(name);
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;  // reported when the rows are read
  }

 private:
  int row_depth_, depth_ = 0;
  std::set<std::string> keys_{};
};

/// The lines of a text, with their numbers.
template <class TakeLine>
void for_each_line(std::string_view text, const TakeLine& take) {
  for (std::int64_t number = 1; !text.empty(); ++number) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) take(line, number);
  }
}

/// @throws DataError with line and column of the first byte that is not UTF-8.
void check_utf8(std::string_view text, const std::string& name) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
    throw DataError(name + ":1: is UTF-16; expected a table in UTF-8. Save it as UTF-8");
  Utf8Checker utf8;
  std::int64_t line = 1, column = 0, begin_line = 1, begin = 0;  // of the current character
  const auto refuse = [&](const char* what) {
    throw DataError(
        name + ":" + std::to_string(begin_line) + ":" + std::to_string(begin) + ": " + what +
        "; expected a table in UTF-8. It may be in Latin-1 or Windows-1252: save it as UTF-8");
  };
  for (const char byte : text) {
    column = byte == '\n' ? 0 : column + 1;
    line += byte == '\n' ? 1 : 0;
    if (utf8.complete()) begin_line = line, begin = column;
    if (!utf8.take(static_cast<unsigned char>(byte))) refuse("a byte is not UTF-8");
  }
  if (!utf8.complete()) refuse("the file ends within a UTF-8 character");
}

/// The objects of an array.
void scan_array(std::string_view text, const RecordFile& source, const Columns& columns,
                const Take& take) {
  RowReader reader(source, columns, take);
  nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  columns.check_seen(reader.seen(), source.name);
}

void scan_lines(std::string_view text, const RecordFile& source, const Columns& columns,
                const Take& take) {
  RowReader reader(source, columns, take);
  for_each_line(text, [&](std::string_view line, std::int64_t number) {
    reader.begin_document(number);
    nlohmann::json::sax_parse(line.begin(), line.end(), &reader);
  });
  columns.check_seen(reader.seen(), source.name);
}

void scan_separated(const std::filesystem::path& file, char separator, const RecordFile& source,
                    const Columns& columns, const Take& take) {
  const Table table(file, separator);
  constexpr auto nowhere = static_cast<std::size_t>(-1);
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < columns.names.size(); ++i) {
    const auto& name = columns.names[i];
    const auto& there = table.columns();
    const bool absent =
        i >= columns.required && std::find(there.begin(), there.end(), name) == there.end();
    places.push_back(absent ? nowhere : table.column(name));
  }
  for (const auto& row : table.rows()) {
    Record record{.line = row.line};
    for (const auto place : places)
      record.cells.push_back(place == nowhere || row.fields[place].empty() ? Cell{}
                                                                           : row.fields[place]);
    take(source, std::move(record));
  }
}

/// The content of a JSON or JSON Lines file.
struct JsonText {
  JsonText(const std::filesystem::path& file, const std::string& kind) : mapped(file) {
    text = {reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size()};
    check_utf8(text, file.filename().string());
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    const auto start = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    lines = kind == ".jsonl" && !text.substr(start).starts_with('[');
  }

  checkpoint::MappedFile mapped;
  std::string_view text{};
  bool lines = false;
};

std::string kind_of(const std::filesystem::path& file, const std::string& format) {
  auto kind = format == "auto" ? lower_case(file.extension().string()) : "." + format;
  if (kind == ".csv" || kind == ".json") return kind;
  if (kind == ".tsv" || kind == ".tab") return ".tsv";
  if (kind == ".jsonl" || kind == ".ndjson") return ".jsonl";
  throw ConfigError("the table '" + file.filename().string() + "' ends in '" +
                    file.extension().string() +
                    "'; known: .csv, .tsv, .json, .jsonl. Set the option format");
}

}  // namespace

std::string text_of(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  std::string joined;
  if (const auto* texts = std::get_if<Texts>(&cell))
    for (const auto& text : *texts)
      joined += (joined.empty() ? "" : ", ") + text;
  return joined;
}

RecordFile scan_records(const std::filesystem::path& file, const std::string& format,
                        const Texts& columns, const Texts& optional, const Take& take) {
  const auto kind = kind_of(file, format);
  RecordFile source{.name = file.filename().string()};
  Columns all{columns, columns.size()};
  all.names.insert(all.names.end(), optional.begin(), optional.end());
  bool any = false;
  const Take count = [&](const RecordFile& from, Record record) {
    any = true;
    take(from, std::move(record));
  };
  if (!std::filesystem::is_regular_file(file))
    throw DataError("cannot read the table '" + file.string() + "'; is the path right?");
  if (kind == ".csv" || kind == ".tsv") {
    scan_separated(file, kind == ".csv" ? ',' : '\t', source, all, count);
  } else {
    const JsonText json(file, kind);
    source.lines = json.lines;
    (source.lines ? scan_lines : scan_array)(json.text, source, all, count);
  }
  if (!any) throw DataError(source.name + ": has no rows; expected one per clip");
  return source;
}

std::string missing_column(const std::filesystem::path& file, const std::string& format,
                           const Texts& columns) {
  const auto kind = kind_of(file, format);
  Texts there;
  if (kind == ".csv" || kind == ".tsv") {
    there = Table(file, kind == ".csv" ? ',' : '\t').columns();
  } else {
    const JsonText json(file, kind);
    KeyReader reader(json.lines ? 0 : 1);
    if (json.lines)
      for_each_line(json.text, [&](std::string_view line, std::int64_t) {
        nlohmann::json::sax_parse(line.begin(), line.end(), &reader);
      });
    else
      nlohmann::json::sax_parse(json.text.begin(), json.text.end(), &reader);
    there = reader.keys();
  }
  if (there.empty()) return {};  // not a table at all, which is reported elsewhere
  const bool semicolons = there.size() == 1 && there[0].find(';') != std::string::npos;
  for (const auto& column : columns)
    if (std::find(there.begin(), there.end(), column) == there.end())
      return file.filename().string() + " has no column '" + column + "'" +
             shared::did_you_mean(column, there) +
             (semicolons ? "; its columns seem to be separated by ';'. Save it with commas"
                         : "; there are " + shared::listed(there));
  return {};
}

Records read_records(const std::filesystem::path& file, const std::string& format,
                     const Texts& columns, const Texts& optional) {
  Records records;
  const auto source = scan_records(
      file, format, columns, optional,
      [&](const RecordFile&, Record record) { records.rows.push_back(std::move(record)); });
  records.name = source.name;
  records.lines = source.lines;
  return records;
}

}  // namespace earshot::kit
