#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace earshot::kit::text {

/// Each character's lower case, and U+FFFD for what is no UTF-8. (Python's lower() also knows the
/// sigma at the end of a word and a dotted capital I of two characters; both sides of a comparison
/// go this way here.)
std::string lower(std::string_view text);

/// Normalization Form KC, with U+FFFD for what is no UTF-8.
std::string nfkc(std::string_view text);

/// Without White_Space at both ends.
std::string_view trim(std::string_view text);

/// What stands between runs of White_Space.
std::vector<std::string> split(std::string_view text);

/// Longest runs of letters, numbers and '_': what Python's \w+ finds.
std::vector<std::string> words(std::string_view text);

}  // namespace earshot::kit::text
