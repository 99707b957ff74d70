#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace earshot::host {

/// Text from elsewhere (a plugin's message, a file, a hub) made safe to show on a terminal.
/// Whatever would control the terminal or hide content becomes U+FFFD: ASCII and C1 control
/// characters, bidirectional controls, and bytes that are not UTF-8. Line breaks and tabs are kept.
std::string plain_text(std::string_view text);

/// plain_text() of a text that is stored and shown as a whole: above `most` bytes, its middle is
/// omitted and the message says how much.
std::string short_text(std::string_view text, std::size_t most = 4096);

}  // namespace earshot::host
