#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace table {

/// Whether a cell is in brackets like a list that a program wrote into a table: [...] or {...}.
bool looks_like_list(std::string_view cell);

/// The texts in a cell with a JSON or Python list: ["rain", "wind"], ['rain', 'wind'], ('rain',),
/// {'rain'}, [1, 2], [], set(). Numbers and words without quotes that either language knows (true,
/// None) become texts. nullopt for any other cell, including lists that neither language would
/// write.
std::optional<std::vector<std::string>> list_in_brackets(std::string_view cell);

/// The parts between separators, without surrounding spaces; empty parts are dropped. The whole
/// cell if the separator is "".
std::vector<std::string> separated(const std::string& cell, const std::string& separator);

/// At most 60 bytes of a text, for messages.
std::string shortened(const std::string& text);

}  // namespace table
