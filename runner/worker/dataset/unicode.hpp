#pragma once
#include <string>
#include <string_view>

namespace earshot::worker {

bool is_utf8(std::string_view text);

/// What texts that look alike have in common: in Normalization Form KC, without case, without what
/// is not seen (zero width, soft hyphens), and without spaces at the ends or two in a row. The text
/// itself where it is no UTF-8.
std::string appearance(const std::string& text);

}  // namespace earshot::worker
