#include "protocol/path_text.hpp"

#include <algorithm>

namespace earshot::protocol {

namespace {

/// Number of bytes of the character at the front; 0 if it is not UTF-8.
std::size_t character(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const auto first = at(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                             : first >= 0xE0 && first <= 0xEF ? 3
                             : first >= 0xF0 && first <= 0xF4 ? 4
                                                              : 0;
  if (length == 0 || bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((at(i) & 0xC0) != 0x80) return 0;
  const auto second = at(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second > 0x9F;
  const bool too_large = first == 0xF4 && second > 0x8F;
  return overlong || surrogate || too_large ? 0 : length;
}

/// The value of a capital hexadecimal digit; -1 for other characters.
int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// The byte that is written as \xHH at the front; -1 if there is none.
int escaped(std::string_view text) {
  if (text.size() < 4 || text[0] != '\\' || text[1] != 'x') return -1;
  const auto high = digit(text[2]), low = digit(text[3]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void escape(char byte, std::string& to) {
  constexpr const char* digits = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  to += "\\x";
  to += digits[value >> 4];
  to += digits[value & 15];
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto length = character(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string text_of(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto length = character(bytes);
    if (length == 0 || escaped(bytes) >= 0)
      escape(bytes[0], text);
    else
      text.append(bytes.substr(0, length));
    bytes.remove_prefix(std::max<std::size_t>(1, length));
  }
  return text;
}

std::string bytes_of(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  while (!text.empty()) {
    const auto byte = escaped(text);
    bytes += byte < 0 ? text[0] : static_cast<char>(byte);
    text.remove_prefix(byte < 0 ? 1 : 4);
  }
  return bytes;
}

std::string path_text(const std::filesystem::path& path) {
  return text_of(path.native());
}

std::filesystem::path path_of(std::string_view text) {
  return bytes_of(text);
}

std::string readable(std::string_view bytes) {
  return is_utf8(bytes) ? std::string(bytes) : text_of(bytes);
}

Json readable_json(const Json& value) {
  if (value.is_string()) return readable(value.get_ref<const std::string&>());
  if (value.is_array()) {
    auto result = Json::array();
    for (const auto& element : value)
      result.push_back(readable_json(element));
    return result;
  }
  if (!value.is_object()) return value;
  auto result = Json::object();
  for (const auto& [key, element] : value.items())
    result[readable(key)] = readable_json(element);
  return result;
}

}  // namespace earshot::protocol
