#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace earshot::kit::text {

/// Lower case of each character, and U+FFFD for invalid UTF-8. (Python's lower() also handles a
/// final sigma and a dotted capital I, which becomes two characters; here both sides of a
/// comparison are converted in the same way.)
std::string lower(std::string_view text);

/// Normalization Form KC, with U+FFFD for invalid UTF-8.
std::string nfkc(std::string_view text);

/// Strips White_Space from both ends.
std::string_view trim(std::string_view text);

/// The parts between runs of White_Space.
std::vector<std::string> split(std::string_view text);

/// Maximal runs of letters, numbers and '_': the matches of Python's \w+.
std::vector<std::string> words(std::string_view text);

}  // namespace earshot::kit::text
