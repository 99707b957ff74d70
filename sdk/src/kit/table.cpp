#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include <earshot/error.hpp>
#include <earshot/kit/table.hpp>

#include "shared/nearest.hpp"
#include "utf8.hpp"

namespace earshot::kit {

namespace {

/// The state machine of RFC 4180's grammar, fed byte by byte.
class CsvParser {
 public:
  CsvParser(std::string file, char separator, const std::function<void(TableRow)>& take)
      : file_(std::move(file)), separator_(separator), take_(take) {}

  void feed(char byte) {
    check(byte);
    if (byte == '\n') ++line_;
    if (state_ == State::quoted) {
      if (byte == '"')
        state_ = State::quote_in_quoted;
      else
        field_ += byte;
      return;
    }
    if (byte == '"' && state_ == State::quote_in_quoted) {  // a doubled quote
      field_ += byte;
      state_ = State::quoted;
    } else if (byte == '"' && state_ == State::start) {
      state_ = State::quoted;
      opened_ = line_;
    } else if (byte == separator_) {
      end_field();
    } else if (byte == '\n') {
      if (state_ != State::quote_in_quoted && !field_.empty() && field_.back() == '\r')
        field_.pop_back();
      end_row();
    } else if (state_ == State::quote_in_quoted) {
      if (byte != '\r')
        fail(line_, std::string("has '") + byte +
                        "' after a closing quote; expected the next field. Write a quote inside a "
                        "quoted field twice");
    } else {
      if (!field_.empty() && field_.back() == '\r')
        fail(line_, "has a line that ends in CR alone; expected LF or CR LF. Save the table again");
      field_ += byte;
      state_ = State::plain;
    }
  }

  void finish() {
    if (!utf8_.complete()) refuse_encoding("the file ends within a UTF-8 character");
    if (state_ == State::quoted) fail(opened_, "has a quote that is never closed");
    ++line_;
    end_row();
  }

 private:
  enum class State { start, plain, quoted, quote_in_quoted };

  void check(char byte) {
    ++column_;
    if (byte == '\0') fail(line_, "has a NUL byte; a table is a text file in UTF-8");
    const auto value = static_cast<unsigned char>(byte);
    if (utf8_.complete()) character_ = {line_, column_, value};
    if (!utf8_.take(value)) {
      char text[32];
      std::snprintf(text, sizeof text, "byte 0x%02x is not UTF-8", character_.first);
      refuse_encoding(text);
    }
    if (byte == '\n') column_ = 0;
  }
  [[noreturn]] void refuse_encoding(const std::string& what) const {
    throw DataError(
        file_ + ":" + std::to_string(character_.line) + ":" + std::to_string(character_.column) +
        ": " + what +
        "; expected a table in UTF-8. It may be in Latin-1 or Windows-1252: save it as UTF-8");
  }
  [[noreturn]] void fail(std::int64_t line, const std::string& what) const {
    throw DataError(file_ + ":" + std::to_string(line) + ": " + what);
  }
  void end_field() {
    row_.fields.push_back(std::exchange(field_, {}));
    state_ = State::start;
  }
  void end_row() {
    const bool blank = row_.fields.empty() && field_.empty() && state_ != State::quote_in_quoted;
    if (!blank) {
      end_field();
      row_.line = row_line_;
      take_(std::exchange(row_, {}));
    }
    field_.clear();
    state_ = State::start;
    row_line_ = line_;
  }

  std::string file_;
  char separator_;
  const std::function<void(TableRow)>& take_;
  State state_ = State::start;
  std::string field_{};
  TableRow row_{};
  std::int64_t line_ = 1, row_line_ = 1, opened_ = 1, column_ = 0;
  Utf8Checker utf8_{};
  struct {
    std::int64_t line = 1, column = 1;
    unsigned first = 0;  ///< byte
  } character_{};        ///< the current one
};

template <class Number>
Number parse(const std::string& text, const std::string& place, const std::string& what,
             const char* expected) {
  Number value{};
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || text.empty())
    throw DataError(place + ": " + what + " is '" + text + "'; expected " + expected);
  return value;
}

}  // namespace

void read_csv(const std::filesystem::path& file, char separator,
              const std::function<void(TableRow)>& take, Encoding encoding) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file))
    throw DataError("cannot read the table '" + file.string() + "'; is the path right?");
  char mark[3] = {};
  stream.read(mark, 3);
  if (const std::string two(mark, 2); two == "\xff\xfe" || two == "\xfe\xff")
    throw DataError(file.filename().string() +
                    ":1: is UTF-16; expected a table in UTF-8. Save it as UTF-8");
  if (std::string(mark, 3) != "\xef\xbb\xbf") {  // UTF-8's byte order mark
    stream.clear();
    stream.seekg(0);
  }
  CsvParser parser(file.filename().string(), separator, take);
  std::for_each(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>(),
                [&](char byte) {
                  const auto code = static_cast<unsigned char>(byte);
                  if (encoding == Encoding::utf_8 || code < 0x80) return parser.feed(byte);
                  parser.feed(static_cast<char>(0xc0 | (code >> 6)));
                  parser.feed(static_cast<char>(0x80 | (code & 0x3f)));
                });
  parser.finish();
}

Table::Table(const std::filesystem::path& file, char separator, Encoding encoding)
    : file_(file.filename()) {
  const auto take = [&](TableRow row) {
    if (columns_.empty()) {
      columns_ = std::move(row.fields);
      std::set<std::string> seen;
      for (const auto& name : columns_)
        if (!seen.insert(name).second && !name.empty())
          throw DataError(place(row) + ": has the column '" + name + "' twice");
      return;
    }
    if (row.fields.size() != columns_.size())
      throw DataError(place(row) + ": has " + std::to_string(row.fields.size()) +
                      " fields; expected " + std::to_string(columns_.size()) +
                      ", as in the header");
    rows_.push_back(std::move(row));
  };
  read_csv(file, separator, take, encoding);
  if (columns_.empty()) throw DataError(file_.string() + ": is empty; expected a row of names");
}

std::size_t Table::column(const std::string& name) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found != columns_.end()) return static_cast<std::size_t>(found - columns_.begin());
  const bool semicolons = columns_.size() == 1 && columns_[0].find(';') != std::string::npos;
  throw DataError(file_.string() + ":1: has no column '" + name + "'" +
                  shared::did_you_mean(name, columns_) + (semicolons ? "" : "; there are ") +
                  (semicolons ? "; its columns seem to be separated by ';'. Save it with commas"
                              : shared::listed(columns_)));
}

std::string Table::place(const TableRow& row) const {
  return file_.string() + ":" + std::to_string(row.line);
}

double to_number(const std::string& text, const std::string& place, const std::string& what) {
  const auto value = parse<double>(text, place, what, "a number");
  if (!std::isfinite(value))
    throw DataError(place + ": " + what + " is '" + text + "'; expected a finite number");
  return value;
}

std::int64_t to_integer(const std::string& text, const std::string& place,
                        const std::string& what) {
  return parse<std::int64_t>(text, place, what, "an integer");
}

}  // namespace earshot::kit
