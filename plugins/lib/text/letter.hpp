#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

namespace earshot::kit {

/// 0 for 'a' and 'A', 25 for 'z' and 'Z'.
std::optional<std::size_t> letter_index(char letter);

/// The option that a reply names by its letter, as the scorer `letter` has it: alone ("b", "(B)",
/// "**B**"), stated ("the answer is B", "\\boxed{B}", "I choose B", "B is correct"), or else marked
/// as one (in brackets or quotes, before ')' , at the start before '.', ':', a dash or a new line).
/// What is stated counts before what is marked; if two are, or one is named beside another ("A or
/// B"), there is none. An article or pronoun is no letter, nor is a note ("C#", "B flat", "A
/// minor"). `options`: how many there are. `numbers`: whether "2" names the second, too.
std::optional<std::size_t> named_letter(std::string_view reply, std::size_t options, bool numbers);

}  // namespace earshot::kit
