#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace earshot::kit::tokenizer {

/// How tokenizer.json writes bytes, so that tokens are readable (GPT-2's bytes_to_unicode):
/// 0x21-0x7E, 0xA1-0xAC and 0xAE-0xFF become the characters with the same number, the other 68
/// bytes, in increasing order, those from U+0100 on. A space is "Ġ", a line feed "Ċ".
std::string in_byte_alphabet(std::string_view bytes);

/// The bytes of such a text; nullopt if it contains a character outside the alphabet.
std::optional<std::string> from_byte_alphabet(std::string_view text);

}  // namespace earshot::kit::tokenizer
