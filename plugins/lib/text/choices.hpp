#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace earshot::kit {

/// A choice without the letter that some data sets write before it: "rain" for "b) rain", the
/// second.
std::string_view option_text(std::span<const std::string> choices, std::size_t index);

/// The texts of the choices: without labels where each carries its own, as "1. rain", "2. wind" or
/// "A. rain", "B. wind", or else as option_text() gives them.
std::vector<std::string_view> bare_texts(std::span<const std::string> choices);

/// The choice that a text is, whole: byte for byte, or else in the finest of these forms in which
/// it is one of them and no other: as typeset quotes and dashes have no say, as case has none, as
/// its words and signs. Of choices with equal text the first.
std::optional<std::size_t> choice_equal_to(std::span<const std::string> choices,
                                           std::string_view text);

/// The same, or the only choice that the text holds: its words and signs in a row, neither inside
/// of another choice that is there, nor cut out of a word, a number or a sign ("C" of "C#", "5" of
/// "-5" or "1.5"). Where two choices of the item have the same words, case and punctuation tell
/// them apart, and where these do not either, only a text that is one of them whole names it.
std::optional<std::size_t> choice_in(std::span<const std::string> choices, std::string_view text);

}  // namespace earshot::kit
