#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace earshot::host {

/// Text from elsewhere (a plugin's message, a file, a hub) as a terminal may show it. What would
/// control the terminal or hide its content becomes U+FFFD: control characters of ASCII and
/// of C1, marks that turn the direction of writing, bytes that are not UTF-8. Line breaks and tabs
/// stay.
std::string plain_text(std::string_view text);

/// plain_text() of a text that is stored and shown whole: above `most` bytes its middle is left out
/// and counted.
std::string short_text(std::string_view text, std::size_t most = 4096);

}  // namespace earshot::host
