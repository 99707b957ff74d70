#include "byte_alphabet.hpp"

#include <array>

#include "unicode.hpp"

namespace earshot::kit::tokenizer {
namespace {

constexpr std::array<char32_t, 256> alphabet = [] {
  std::array<char32_t, 256> characters{};
  char32_t next = 0x100;
  for (char32_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
    characters[byte] = printable ? byte : next++;
  }
  return characters;
}();

constexpr std::array<int, 0x100 + 68> byte_of = [] {
  std::array<int, 0x100 + 68> bytes{};
  bytes.fill(-1);
  for (int byte = 0; byte < 256; ++byte)
    bytes[alphabet[static_cast<std::size_t>(byte)]] = byte;
  return bytes;
}();

}  // namespace

std::string in_byte_alphabet(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes)
    text::append_utf8(text, alphabet[static_cast<unsigned char>(byte)]);
  return text;
}

std::optional<std::string> from_byte_alphabet(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size();) {
    const auto code = text::code_point(text, at);
    if (!code.valid || code.value >= byte_of.size() || byte_of[code.value] < 0) return {};
    bytes += static_cast<char>(byte_of[code.value]);
    at += code.bytes;
  }
  return bytes;
}

}  // namespace earshot::kit::tokenizer
