#include "shared/message_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace earshot::shared {

namespace {

/// What a character is within these quotes: itself, or an escape.
std::string escaped(char c, char quote) {
  constexpr std::string_view controls = "\b\f\n\r\t", letters = "bfnrt";
  if (c == quote) return {'\\', c};
  if (const auto control = controls.find(c); control != std::string_view::npos)
    return {'\\', letters[control]};
  if (static_cast<unsigned char>(c) >= 0x20) return {c};
  std::array<char, 8> code{};
  std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(c));
  return code.data();
}

}  // namespace

std::string json_text(double number) {
  // Beyond these positions of the decimal point JSON is written with an exponent.
  constexpr int first_fixed = -3, last_fixed = 15;
  std::array<char, 32> buffer{};
  auto* const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                  std::chars_format::scientific)
                        .ptr;
  const std::string text(buffer.data(), end);
  if (!std::isfinite(number)) return text;
  const auto mark = text.find('e');
  const std::string sign = std::signbit(number) ? "-" : "";
  auto digits = text.substr(sign.size(), mark - sign.size());
  std::erase(digits, '.');
  const int point = std::stoi(text.substr(mark + 1)) + 1;  // digits in front of it
  if (point < first_fixed || point > last_fixed) return text;
  if (point <= 0) return sign + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  const auto whole = static_cast<std::size_t>(point);
  if (digits.size() <= whole) return sign + digits.append(whole - digits.size(), '0') + ".0";
  return sign + digits.insert(whole, 1, '.');
}

std::string number_text(double number) {
  auto text = json_text(number);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

std::string json_text(std::string_view text) {
  std::string written(1, '"');
  for (const char c : text)
    written += c == '\\' ? "\\\\" : escaped(c, '"');
  return written += '"';
}

std::string in_quotes(std::string_view name) {
  std::string written(1, '\'');
  for (const char c : name)
    written += escaped(c, '\'');
  return written += '\'';
}

}  // namespace earshot::shared
