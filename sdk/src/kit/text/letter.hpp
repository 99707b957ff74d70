#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace earshot::kit {

/// 0 for 'a' and 'A', 25 for 'z' and 'Z'.
std::optional<std::size_t> letter_index(char letter);

/// The letter that a reply names as its answer, as the scorer `letter` has it: alone, or at its
/// start before '.' or ':', or before ')' or behind "answer is" or "answer:" anywhere, if all
/// places that name one name the same.
std::optional<std::size_t> named_letter(std::string_view reply);

/// A choice without the letter that some data sets write before it: "rain" for "b) rain", the
/// second.
std::string_view option_text(std::span<const std::string> choices, std::size_t index);

}  // namespace earshot::kit
