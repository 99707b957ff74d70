#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

namespace earshot::kit {

/// 0 for 'a' and 'A', 25 for 'z' and 'Z'.
std::optional<std::size_t> letter_index(char letter);

/// The option that a reply names by its letter, by the rules of the scorer `letter`: alone ("b",
/// "(B)", "**B**"), stated ("the answer is B", "\\boxed{B}", "I choose B", "B is correct"), or else
/// marked as a letter (in brackets or quotes, before ')', at the start before '.', ':', a dash or a
/// new line). A stated letter takes precedence over a marked one; if there are two, or one is named
/// next to another ("A or B"), the result is nullopt. An article, a pronoun or a musical note
/// ("C#", "B flat", "A minor") does not count as a letter. `options`: number of options. `numbers`:
/// whether "2" names the second option, too.
std::optional<std::size_t> named_letter(std::string_view reply, std::size_t options, bool numbers);

}  // namespace earshot::kit
