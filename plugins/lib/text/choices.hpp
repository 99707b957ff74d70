#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace earshot::kit {

/// A choice without the letter that some datasets write before it: "rain" for "b) rain" as the
/// second choice.
std::string_view option_text(std::span<const std::string> choices, std::size_t index);

/// The texts of the choices: without labels if each choice has its own, as in "1. rain", "2. wind"
/// or "A. rain", "B. wind", otherwise as from option_text().
std::vector<std::string_view> bare_texts(std::span<const std::string> choices);

/// The choice that equals the whole text: byte for byte, or else in the least normalised form in
/// which exactly one choice matches: ignoring typeset quotes and dashes, ignoring case, comparing
/// words and signs only. The first of choices with equal text.
std::optional<std::size_t> choice_equal_to(std::span<const std::string> choices,
                                           std::string_view text);

/// The same, or else the only choice that the text contains: its words and signs in sequence,
/// neither inside another choice that occurs, nor as part of a word, a number or a sign ("C" in
/// "C#", "5" in "-5" or "1.5"). If two choices of the item have the same words, case and
/// punctuation distinguish them; if these are the same, too, only a text that equals one of them as
/// a whole names it.
std::optional<std::size_t> choice_in(std::span<const std::string> choices, std::string_view text);

}  // namespace earshot::kit
