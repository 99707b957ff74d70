#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "protocol/json.hpp"

// Names of files are bytes, JSON is UTF-8. In every text that crosses the pipe or enters a file of
// Earshot's, a byte that is not part of UTF-8 is written \xE9, with capital digits, and a backslash
// that would be read as such is written \x5C. All else stays as it is: most names look as they are,
// different names give different texts, and a text gives its bytes back.

namespace earshot::protocol {

/// Whether bytes are UTF-8 (RFC 3629: nothing overlong, no surrogates).
bool is_utf8(std::string_view bytes);

/// Bytes as a text, and back. bytes_of(text_of(bytes)) == bytes for all of them.
std::string text_of(std::string_view bytes);
std::string bytes_of(std::string_view text);

/// The same for a path.
std::string path_text(const std::filesystem::path& path);
std::filesystem::path path_of(std::string_view text);

/// A text for people: `bytes` as they are where they are UTF-8, otherwise text_of(bytes).
std::string readable(std::string_view bytes);

/// JSON with every text of it readable(), keys too.
Json readable_json(const Json& value);

}  // namespace earshot::protocol
