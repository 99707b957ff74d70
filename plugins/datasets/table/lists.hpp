#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace table {

/// Whether a cell is in brackets as a list is that a program wrote into a table: [...] or {...}.
bool looks_like_list(std::string_view cell);

/// The texts of a cell that is a list, as JSON or Python write them: ["rain", "wind"], ['rain',
/// 'wind'],
/// ('rain',), {'rain'}, [1, 2], [], set(). Numbers and words without quotes that both know (true,
/// None) are texts. Nothing for another cell, and for one that neither of them writes.
std::optional<std::vector<std::string>> list_in_brackets(std::string_view cell);

/// What stands between separators, without spaces around it; empty texts are none. The whole where
/// the separator is "".
std::vector<std::string> separated(const std::string& cell, const std::string& separator);

/// At most 60 bytes of a text, for messages.
std::string shortened(const std::string& text);

}  // namespace table
