#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace reasonaqa {

/// A question split from the choices at the end of its text.
struct ParsedQuestion {
  std::string text{};
  std::vector<std::string> choices{};  ///< without their letters; empty if there are none
};

/// Finds at least two choices that are lettered from "a" on: "which? a) rain b) wind", "(A) rain
/// (B) wind", "A. rain\nB. wind", "a: rain b: wind". All must be lettered in the same style;
/// letters and texts are kept as written, without surrounding spaces and without a comma or
/// semicolon between choices.
ParsedQuestion parse_question(std::string_view text);

/// The choice that an answer means: by its text, its letter ("b", "b)", "(b)", "b."), or both. An
/// answer that means none is returned as it is, without surrounding spaces.
std::string parse_answer(std::string_view answer, const std::vector<std::string>& choices);

}  // namespace reasonaqa
