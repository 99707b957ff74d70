#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "protocol/json.hpp"

// Names of files are bytes, JSON is UTF-8. In all texts that are sent over the pipe or written to
// Earshot's files, a byte that is not part of UTF-8 is written as \xE9, with capital digits, and a
// backslash that would be read as the beginning of such a byte is written as \x5C. Everything else
// is unchanged: most names remain as they are, different names give different texts, and every text
// can be converted back to its bytes.

namespace earshot::protocol {

/// Whether bytes are UTF-8 (RFC 3629: nothing overlong, no surrogates).
bool is_utf8(std::string_view bytes);

/// Bytes as a text, and back. bytes_of(text_of(bytes)) == bytes for all of them.
std::string text_of(std::string_view bytes);
std::string bytes_of(std::string_view text);

/// The same for a path.
std::string path_text(const std::filesystem::path& path);
std::filesystem::path path_of(std::string_view text);

/// A text for people: `bytes` unchanged if they are UTF-8, otherwise text_of(bytes).
std::string readable(std::string_view bytes);

/// JSON in which all texts and keys are readable().
Json readable_json(const Json& value);

}  // namespace earshot::protocol
