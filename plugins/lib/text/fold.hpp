#pragma once
#include <string>
#include <string_view>

namespace earshot::kit::text {

/// What is read as the same text, written one way: Normalization Form KC, typeset quotes, primes,
/// dashes and the sharp sign as ASCII has them, without what takes no place (variation selectors,
/// direction marks, soft hyphens). Case, spaces and punctuation stay.
std::u32string folded(std::string_view text);

/// Unicode's full case folding: "straße" and "STRASSE" are one text then.
std::string case_folded(std::u32string_view text);

std::string to_utf8(std::u32string_view text);

/// Without White_Space at both ends.
std::u32string_view trim(std::u32string_view text);

}  // namespace earshot::kit::text
