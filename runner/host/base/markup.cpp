#include "host/base/markup.hpp"

#include <algorithm>
#include <cctype>

#include "host/base/plain_text.hpp"

namespace earshot::host {
namespace {

/// Characters that pdfTeX does not know by themselves: what plain_text() replaces others with, and
/// the marks of tables.
constexpr std::pair<std::string_view, std::string_view> commands[] = {
    {"\xEF\xBF\xBD", "\\textbf{?}"}, {"\u2248", "$\\approx$"}, {"\u2020", "\\textdagger{}"}};

bool is_letter_or_digit(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

/// What LaTeX reads as this character; nullptr: itself.
const char* latex_character(char c) {
  switch (c) {
    case '\\':
      return "\\textbackslash{}";
    case '{':
      return "\\{";
    case '}':
      return "\\}";
    case '$':
      return "\\$";
    case '&':
      return "\\&";
    case '#':
      return "\\#";
    case '_':
      return "\\_";
    case '%':
      return "\\%";
    case '~':
      return "\\textasciitilde{}";
    case '^':
      return "\\textasciicircum{}";
    case '<':
      return "\\textless{}";
    case '>':
      return "\\textgreater{}";
    case '|':
      return "\\textbar{}";
    // Babel makes some of these active, two of them may be a ligature, and at the beginning of a
    // row [ and * would belong to the end of the row before.
    case '"':
      return "{\\char34}";
    case '\'':
      return "{\\char39}";
    case '`':
      return "{\\char96}";
    case '-':
      return "{-}";
    case ',':
      return "{,}";
    case '[':
      return "{[}";
    case ']':
      return "{]}";
    case '*':
      return "{*}";
    default:
      return nullptr;
  }
}

}  // namespace

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return plain_text(text);
}

std::string latex_text(std::string_view text) {
  const auto plain = one_line(std::string(text));
  std::string escaped;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const auto* known = std::find_if(
        std::begin(commands), std::end(commands),
        [&](const auto& pair) { return plain.compare(i, pair.first.size(), pair.first) == 0; });
    if (known != std::end(commands)) {
      escaped += known->second;
      i += known->first.size() - 1;
      continue;
    }
    // A single hyphen or comma is no ligature, and most names have one.
    const char c = plain[i];
    const bool alone = (c == '-' || c == ',') && (i == 0 || plain[i - 1] != c) &&
                       (i + 1 == plain.size() || plain[i + 1] != c);
    const char* command = alone ? nullptr : latex_character(c);
    if (command != nullptr)
      escaped += command;
    else
      escaped += c;
  }
  return escaped;
}

std::string markdown_text(std::string_view text) {
  const auto plain = one_line(std::string(text));
  std::string escaped;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const char c = plain[i];
    // "log_mel" has no emphasis, "_mel_" has.
    const bool inside = c == '_' && i > 0 && i + 1 < plain.size() &&
                        is_letter_or_digit(plain[i - 1]) && is_letter_or_digit(plain[i + 1]);
    if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else if (c == '&')
      escaped += "&amp;";
    else if (std::string_view("\\`*_[]|~$#").find(c) != std::string_view::npos && !inside)
      (escaped += '\\') += c;
    else
      escaped += c;
  }
  return escaped;
}

std::string markdown_code(std::string_view text) {
  // The fence is longer than any run of its character inside. In a table, a bar ends the cell even
  // in code.
  std::size_t longest = 0, run = 0;
  std::string inside;
  for (const char c : one_line(std::string(text))) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
    if (c == '|') inside += '\\';
    inside += c;
  }
  const std::string fence(longest + 1, '`'), gap(longest > 0 ? " " : "");
  return fence + gap + inside + gap + fence;
}

std::string html_text(std::string_view text) {
  std::string escaped;
  for (const char c : one_line(std::string(text))) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string latex_number(std::string_view number) {
  std::string text;
  for (std::size_t i = 0; i < number.size(); ++i) {
    const char c = number[i];
    const bool power = c == 'e' && i > 0 && std::isdigit(static_cast<unsigned char>(number[i - 1]));
    if (power) {
      auto end = number.find_first_not_of("+-0123456789", i + 1);
      end = std::min(end, number.size());
      const bool negative = number[i + 1] == '-';
      auto digits = std::string(number.substr(i + 1, end - i - 1));
      digits.erase(0, std::min(digits.find_first_not_of("+-0"), digits.size()));
      text += "$\\times10^{" + std::string(negative ? "-" : "") + (digits.empty() ? "0" : digits) +
              "}$";
      i = end - 1;
    } else if (c == '+' || c == '-' || c == '<') {
      ((text += '$') += c) += '$';
    } else {
      text += latex_text(number.substr(i, 1));
    }
  }
  return text;
}

std::string MacroNames::take(std::string_view text) {
  constexpr std::size_t longest = 80;
  static constexpr const char* words[] = {"Zero", "One", "Two",   "Three", "Four",
                                          "Five", "Six", "Seven", "Eight", "Nine"};
  auto name = beginning_;
  bool begins = true;
  for (const char c : text) {
    if (name.size() >= longest) break;
    if (c >= '0' && c <= '9') {
      name += words[c - '0'];
    } else if (is_letter_or_digit(c)) {
      name += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    }
    begins = !is_letter_or_digit(c) || (c >= '0' && c <= '9');
  }
  // Letters for the number of times that the name was taken: "", "B", "C" ... "Z", "AB", "BB" ...
  // A name that ends in the same way by itself is found taken, and gets one more.
  for (;;) {
    auto count = taken_[name]++;
    if (count == 0) return name;
    auto numbered = name;
    for (; count > 0; count /= 26)
      numbered += static_cast<char>('A' + count % 26);
    if (taken_[numbered]++ == 0) return numbered;
  }
}

}  // namespace earshot::host
