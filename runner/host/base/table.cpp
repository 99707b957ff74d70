#include "host/base/table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <stdexcept>

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.hpp"
#include "host/base/failure.hpp"
#include "host/base/markup.hpp"
#include "host/base/plain_text.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

using protocol::Json;

/// 4 decimals without trailing zeros; scientific notation if that would hide the number.
std::string readable(double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "nan" : (value > 0 ? "inf" : "-inf");
  char text[32];
  const double size = std::abs(value);
  if (size != 0 && (size < 1e-3 || size >= 1e9)) {
    std::snprintf(text, sizeof text, "%.3g", value);
    return text;
  }
  std::snprintf(text, sizeof text, "%.4f", value);
  std::string result = text;
  result.erase(result.find_last_not_of('0') + 1);
  if (result.back() == '.') result.pop_back();
  return result == "-0" ? "0" : result;
}

std::string plain(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  return protocol::json_text(value);
}

/// As a table for people shows it, on one line.
std::string shown(const Json& value) {
  return value.is_number_float() ? readable(value.get<double>()) : one_line(plain(value));
}

/// "+0.621", "< 0.0001", "-0.1 to +0.2": begins with a number.
bool looks_like_number(const std::string& text) {
  const auto at = text.find_first_not_of("<+- ");
  return at != std::string::npos && text[at] >= '0' && text[at] <= '9';
}

std::string csv_field(const Json& value, bool spreadsheet, bool on_terminal) {
  auto text = plain(value);
  if (on_terminal) text = plain_text(text);
  if (spreadsheet && value.is_string() &&
      text.find_first_of("=+-@\t\r") == 0)  // characters with which formulas in spreadsheets begin
    text = "'" + text;
  return base::csv_field(text);
}

void write_csv(std::ostream& out, const std::vector<Json>& values, bool spreadsheet,
               bool on_terminal) {
  for (std::size_t i = 0; i < values.size(); ++i)
    out << (i ? "," : "") << csv_field(values[i], spreadsheet, on_terminal);
  out << '\n';
}

}  // namespace

std::size_t terminal_width() {
  if (::isatty(STDOUT_FILENO) == 0) return 0;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

Format format_of(const std::string& name) {
  static const std::vector<std::pair<std::string, Format>> known{
      {"table", Format::table}, {"csv", Format::csv},           {"json", Format::json},
      {"jsonl", Format::jsonl}, {"markdown", Format::markdown}, {"latex", Format::latex},
      {"html", Format::html}};
  if (name == "md") return Format::markdown;
  std::vector<std::string> names;
  for (const auto& [own, format] : known) {
    if (own == name) return format;
    names.push_back(own);
  }
  throw Failure(ExitCode::usage, "--format: unknown format '" + name + "'; allowed are " +
                                     protocol::join(names) + protocol::did_you_mean(name, names));
}

bool is_document(Format format) {
  return format == Format::markdown || format == Format::latex || format == Format::html;
}

std::size_t display_width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xc0) != 0x80; }));
}

TableWriter::TableWriter(std::ostream& out, std::vector<std::string> columns, Format format,
                         std::size_t width)
    : out_(out),
      columns_(std::move(columns)),
      format_(format),
      width_(width),
      numeric_(columns_.size(), true) {
  if (format_ == Format::table)
    for (auto& column : columns_)
      column = one_line(column);
  if (format_ == Format::csv || format_ == Format::spreadsheet)
    write_csv(out_, {columns_.begin(), columns_.end()}, false, width_ > 0);
  if (format_ == Format::json) out_ << '[';
}

void TableWriter::row(const std::vector<Json>& values) {
  if (values.size() != columns_.size()) throw std::logic_error("each column needs a value");
  ++rows_;
  if (format_ == Format::csv || format_ == Format::spreadsheet) {
    write_csv(out_, values, format_ == Format::spreadsheet, width_ > 0);
  } else if (format_ == Format::json || format_ == Format::jsonl) {
    out_ << (format_ == Format::jsonl ? "{" : rows_ > 1 ? ",\n {" : "\n {");
    const auto text = [&](const Json& value) {
      const auto json = protocol::json_text(value);
      return width_ > 0 ? plain_text(json) : json;
    };
    for (std::size_t i = 0; i < values.size(); ++i)
      out_ << (i ? ", " : "") << text(columns_[i]) << ": " << text(values[i]);
    out_ << (format_ == Format::jsonl ? "}\n" : "}");
  } else {
    add_shown(values);
  }
}

void TableWriter::add_shown(const std::vector<Json>& values) {
  auto& row = shown_.rows.emplace_back();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& value = values[i];
    numeric_[i] = numeric_[i] && (value.is_number() || value.is_null());
    row.cells.push_back({shown(value), value.is_number()});
    if (value.is_string()) row.name += " " + row.cells.back().text;
  }
}

void TableWriter::row(const std::vector<std::string>& texts, std::size_t numbers_from,
                      std::string name, const std::vector<Standing>& standings) {
  row({texts.begin(), texts.end()});
  if (!is_document(format_)) return;
  auto& shown = shown_.rows.back();
  shown.name = std::move(name);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    shown.cells[i].number = i >= numbers_from && looks_like_number(texts[i]);
    if (i < standings.size()) shown.cells[i].standing = standings[i];
  }
}

void TableWriter::finish() {
  if (format_ == Format::json) out_ << (rows_ ? "\n]\n" : "]\n");
  if (format_ == Format::table) finish_table();
  if (is_document(format_)) finish_document();
  out_ << std::flush;
}

namespace {

/// Cut to at most `width` columns of the terminal, with "…" at the end if something was cut.
std::string cut_to(const std::string& text, std::size_t width) {
  if (display_width(text) <= width) return text;
  std::string kept;
  std::size_t shown = 0;
  for (const char c : text) {
    const bool begins = (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    if (begins && ++shown == width) break;
    kept += c;
  }
  return kept + "…";
}

}  // namespace

void TableWriter::finish_document() {
  drop_empty_columns();
  shown_.columns = columns_;
  if (format_ == Format::markdown) write_markdown(out_, shown_);
  if (format_ == Format::latex) write_latex(out_, shown_);
  if (format_ == Format::html) write_html(out_, shown_);
}

void TableWriter::drop_empty_columns() {
  auto& rows = shown_.rows;
  if (rows.empty()) return;
  for (std::size_t i = columns_.size(); i-- > 0;) {
    const bool empty = std::all_of(rows.begin(), rows.end(),
                                   [i](const ShownRow& row) { return row.cells[i].text.empty(); });
    if (!empty) continue;
    const auto at = static_cast<std::ptrdiff_t>(i);
    columns_.erase(columns_.begin() + at);
    numeric_.erase(numeric_.begin() + at);
    for (auto& row : rows)
      row.cells.erase(row.cells.begin() + at);
  }
}

/// The width of the widest text of each column; the widest text columns are made narrower if the
/// terminal requires it.
std::vector<std::size_t> TableWriter::column_widths() const {
  constexpr std::size_t narrowest = 8, gap = 2;
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = display_width(columns_[i]);
    for (const auto& row : shown_.rows)
      width = std::max(width, display_width(row.cells[i].text));
    widths.push_back(width);
  }
  auto total = std::accumulate(widths.begin(), widths.end(), std::size_t{0}) +
               gap * (widths.empty() ? 0 : widths.size() - 1);
  while (width_ > 0 && total > width_) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < widths.size(); ++i)
      if (!numeric_[i] && widths[i] > narrowest && (widest == nullptr || widths[i] > *widest))
        widest = &widths[i];
    if (widest == nullptr) break;
    --*widest;
    --total;
  }
  return widths;
}

void TableWriter::finish_table() {
  drop_empty_columns();
  const auto widths = column_widths();
  const auto write = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const auto cell = cut_to(cells[i], widths[i]);
      const std::string padding(widths[i] - display_width(cell), ' ');
      line += (i ? "  " : "") + (numeric_[i] ? padding + cell : cell + padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out_ << line << '\n';
  };
  write(columns_);
  std::vector<std::string> rules;
  for (const auto width : widths)
    rules.emplace_back(width, '-');
  write(rules);
  for (const auto& row : shown_.rows) {
    std::vector<std::string> texts;
    for (const auto& cell : row.cells)
      texts.push_back(cell.text);
    write(texts);
  }
}

}  // namespace earshot::host
