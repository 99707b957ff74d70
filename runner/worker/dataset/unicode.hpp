#pragma once
#include <string>
#include <string_view>

namespace earshot::worker {

bool is_utf8(std::string_view text);

/// A form that texts which look alike share: Normalization Form KC, without case, without invisible
/// characters (zero width, soft hyphens), and without spaces at the ends or two in a row. The text
/// itself if it is not UTF-8.
std::string appearance(const std::string& text);

}  // namespace earshot::worker
