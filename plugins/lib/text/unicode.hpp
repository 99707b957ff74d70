#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace earshot::kit::text {

/// The code point at a position in a byte string.
struct CodePoint {
  char32_t value;     ///< unspecified if not valid
  std::size_t bytes;  ///< if not valid: length of the maximal part of a sequence (Unicode 3.9,
                      ///< U+FFFD substitution of maximal subparts), at least 1
  bool valid;
};
CodePoint long_code_point(std::string_view text, std::size_t at);  ///< not ASCII
inline CodePoint code_point(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  return byte < 0x80 ? CodePoint{byte, 1, true} : long_code_point(text, at);
}

/// @throws DataError with `what` and the position of the first byte that is not UTF-8.
void check_utf8(std::string_view text, const std::string& what);

/// UTF-8 with U+FFFD for each maximal part of an invalid sequence.
std::string replace_invalid(std::string_view bytes);

void append_utf8(std::string& text, char32_t code);

enum class CharacterClass {
  letter,   ///< general category L*
  number,   ///< N*
  newline,  ///< carriage return, line feed
  space,    ///< other characters with the property White_Space
  other,
};
constexpr CharacterClass ascii_class(char32_t code) {
  if (code == U'\n' || code == U'\r') return CharacterClass::newline;
  if (code == U' ' || (code >= U'\t' && code <= U'\f')) return CharacterClass::space;
  if (code >= U'0' && code <= U'9') return CharacterClass::number;
  const char32_t lower = code | 0x20;
  return lower >= U'a' && lower <= U'z' ? CharacterClass::letter : CharacterClass::other;
}
CharacterClass wide_class(char32_t code);  ///< not ASCII
inline CharacterClass character_class(char32_t code) {
  return code < 0x80 ? ascii_class(code) : wide_class(code);
}
bool is_space(char32_t code);  ///< White_Space, including newlines

/// What \w matches in Unicode regular expressions (UTS 18, annex C): letters, marks, decimal
/// digits, connectors such as '_', joiners.
bool is_word(char32_t code);

}  // namespace earshot::kit::text
