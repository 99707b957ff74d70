#include "host/base/plain_text.hpp"

#include <cstdint>

namespace earshot::host {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

/// The character at the beginning of `text`: its code point, and its number of bytes; 0 bytes: not
/// UTF-8.
struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 0;
};

Character first_of(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  std::uint32_t code = lead & (0x7Fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3F);
  }
  constexpr std::uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < lowest[bytes] || code > 0x10FFFF || surrogate ? Character{}
                                                              : Character{code, bytes};
}

bool may_be_shown(std::uint32_t code) {
  if (code == '\n' || code == '\t') return true;
  if (code < 0x20 || (code >= 0x7F && code <= 0x9F)) return false;
  // Unicode's bidirectional controls (the property Bidi_Control), marks included.
  const bool turns = code == 0x061C || code == 0x200E || code == 0x200F ||
                     (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  return !turns;
}

/// The largest number of bytes, at most `at`, that does not split a character.
std::size_t whole_characters(std::string_view text, std::size_t at) {
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80)
    --at;
  return at;
}

}  // namespace

std::string plain_text(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    const auto [code, bytes] = first_of(text);
    if (bytes > 0 && may_be_shown(code))
      plain += text.substr(0, bytes);
    else
      plain += replacement;
    text.remove_prefix(bytes > 0 ? bytes : 1);
  }
  return plain;
}

std::string short_text(std::string_view text, std::size_t most) {
  if (text.size() <= most) return plain_text(text);
  const auto head = whole_characters(text, most * 3 / 4);
  const auto tail = whole_characters(text, text.size() - most / 4);
  return plain_text(text.substr(0, head)) + " [... " + std::to_string(tail - head) +
         " bytes left out ...] " + plain_text(text.substr(tail));
}

}  // namespace earshot::host
