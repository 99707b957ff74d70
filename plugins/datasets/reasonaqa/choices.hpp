#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace reasonaqa {

/// A question apart from the choices that its text ends with.
struct ParsedQuestion {
  std::string text{};
  std::vector<std::string> choices{};  ///< without their letters; empty where there are none
};

/// Finds choices that are lettered from a on, at least two: "which? a) rain b) wind", "(A) rain
/// (B) wind", "A. rain\nB. wind", "a: rain b: wind". All are lettered alike; letters and texts are
/// as they are written, spaces around them and a comma or semicolon between them left out.
ParsedQuestion parse_question(std::string_view text);

/// The choice that an answer means: its text, its letter ("b", "b)", "(b)", "b."), or both. An
/// answer that means none comes back as it is, without spaces around it.
std::string parse_answer(std::string_view answer, const std::vector<std::string>& choices);

}  // namespace reasonaqa
