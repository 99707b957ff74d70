#pragma once
#include <string>
#include <string_view>

namespace earshot::kit::text {

/// Maps texts that read the same to one spelling: Normalization Form KC, typeset quotes, primes,
/// dashes and the sharp sign as ASCII, without characters of no width (variation selectors,
/// direction marks, soft hyphens). Case, spaces and punctuation are kept.
std::u32string folded(std::string_view text);

/// Unicode's full case folding: "straße" and "STRASSE" become equal.
std::string case_folded(std::u32string_view text);

std::string to_utf8(std::u32string_view text);

/// Strips White_Space from both ends.
std::u32string_view trim(std::u32string_view text);

}  // namespace earshot::kit::text
