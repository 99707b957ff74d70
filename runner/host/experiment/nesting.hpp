#pragma once
#include <string>
#include <string_view>

namespace earshot::host {

/// Refuses a TOML text whose keys have too many dotted parts, or whose values are nested too
/// deeply: reading, converting and freeing them recurses once for each level. Other errors are left
/// to the parser.
/// @throws Failure (usage) with line and column
void check_nesting(std::string_view text, const std::string& file);

}  // namespace earshot::host
