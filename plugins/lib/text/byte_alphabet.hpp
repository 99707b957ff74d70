#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace earshot::kit::tokenizer {

/// How tokenizer.json writes bytes, so that tokens are readable (GPT-2's bytes_to_unicode):
/// 0x21-0x7E, 0xA1-0xAC and 0xAE-0xFF are the characters of the same number, the other 68 bytes in
/// increasing order U+0100 and on. A space is "Ġ", a line feed "Ċ".
std::string in_byte_alphabet(std::string_view bytes);

/// The bytes of such a text; nothing if it holds a character outside of the alphabet.
std::optional<std::string> from_byte_alphabet(std::string_view text);

}  // namespace earshot::kit::tokenizer
