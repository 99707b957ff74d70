#include "lists.hpp"

#include <algorithm>
#include <cstdint>

namespace table {

namespace {

using Texts = std::vector<std::string>;
constexpr std::string_view spaces = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(spaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

void append_utf8(std::string& text, std::uint32_t code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr unsigned char heads[] = {0, 0xc0, 0xe0, 0xf0};
  text += static_cast<char>(heads[more] | code >> (6 * more));
  for (int i = more - 1; i >= 0; --i)
    text += static_cast<char>(0x80 | (code >> (6 * i) & 0x3f));
}

/// Reads the elements of a list in order.
class Elements {
 public:
  explicit Elements(std::string_view text) : text_(text) {}

  std::optional<Texts> all() {
    Texts values;
    skip_spaces();
    while (at_ < text_.size()) {
      auto value = text_[at_] == '"' || text_[at_] == '\'' ? quoted() : bare();
      if (!value) return std::nullopt;
      values.push_back(*std::move(value));
      skip_spaces();
      if (at_ == text_.size()) break;
      if (text_[at_++] != ',') return std::nullopt;
      skip_spaces();  // there may be a trailing comma
    }
    return values;
  }

 private:
  void skip_spaces() { at_ = std::min(text_.find_first_not_of(spaces, at_), text_.size()); }

  std::optional<std::string> quoted() {
    const char quote = text_[at_++];
    std::string value;
    while (at_ < text_.size()) {
      const char letter = text_[at_++];
      if (letter == quote) return value;
      if (letter != '\\') {
        value += letter;
      } else if (!escaped(value)) {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  /// The character that an escape sequence stands for, in JSON and in Python.
  bool escaped(std::string& value) {
    constexpr std::string_view letters = "nrtbf\\/\"'", meanings = "\n\r\t\b\f\\/\"'";
    if (at_ >= text_.size()) return false;
    const char letter = text_[at_++];
    if (const auto known = letters.find(letter); known != std::string_view::npos) {
      value += meanings[known];
      return true;
    }
    const int digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
    std::uint32_t code = 0;
    if (digits == 0 || !hex(digits, code)) return false;
    if (letter == 'u' && code >= 0xd800 && code < 0xdc00) {  // first half of a surrogate, in JSON
      std::uint32_t low = 0;
      if (text_.substr(at_, 2) != "\\u") return false;
      at_ += 2;
      if (!hex(4, low) || low < 0xdc00 || low > 0xdfff) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
    append_utf8(value, code);
    return true;
  }

  bool hex(int digits, std::uint32_t& code) {
    constexpr std::string_view known = "0123456789abcdef";
    for (; digits > 0; --digits) {
      if (at_ >= text_.size()) return false;
      const auto letter = text_[at_++];
      const auto value =
          known.find(letter >= 'A' && letter <= 'F' ? static_cast<char>(letter + 32) : letter);
      if (value == std::string_view::npos) return false;
      code = code << 4 | static_cast<std::uint32_t>(value);
    }
    return true;
  }

  /// A number, or a word known to both languages.
  std::optional<std::string> bare() {
    const auto end = std::min(text_.find(',', at_), text_.size());
    std::string value(trimmed(text_.substr(at_, end - at_)));
    at_ = end;
    const bool number =
        !value.empty() && value.find_first_not_of("0123456789+-.eE") == std::string::npos;
    for (const auto* word : {"true", "false", "null", "True", "False", "None", "nan"})
      if (value == word) return value;
    return number ? std::optional(value) : std::nullopt;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool looks_like_list(std::string_view cell) {
  cell = trimmed(cell);
  if (cell.size() < 2) return cell == "set()";
  const auto first = cell.front(), last = cell.back();
  return cell == "set()" || (first == '[' && last == ']') || (first == '{' && last == '}');
}

std::optional<Texts> list_in_brackets(std::string_view cell) {
  cell = trimmed(cell);
  // Such brackets are common in texts; a tuple has a comma, even with a single element.
  const bool tuple =
      cell.starts_with('(') && cell.ends_with(')') && cell.find(',') != std::string_view::npos;
  if (!tuple && !looks_like_list(cell)) return std::nullopt;
  if (cell == "set()") return Texts{};
  return Elements(cell.substr(1, cell.size() - 2)).all();
}

Texts separated(const std::string& cell, const std::string& separator) {
  Texts values;
  for (std::size_t start = 0; start <= cell.size() && !cell.empty();) {
    const auto end =
        separator.empty() ? cell.size() : std::min(cell.find(separator, start), cell.size());
    auto value = cell.substr(start, end - start);
    value.erase(0, value.find_first_not_of(' '));
    value.erase(value.find_last_not_of(' ') + 1);
    if (!value.empty()) values.push_back(std::move(value));
    start = end + std::max<std::size_t>(separator.size(), 1);
  }
  return values;
}

std::string shortened(const std::string& text) {
  constexpr std::size_t longest = 60;
  if (text.size() <= longest) return text;
  auto end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end;
  return text.substr(0, end) + "...";
}

}  // namespace table
