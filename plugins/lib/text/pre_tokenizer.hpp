#pragma once
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace earshot::kit::tokenizer {

/// A way to cut text into pieces, each of which is tokenised separately.
enum class Cut {
  each_digit,  ///< each character of Unicode's categories N* is a piece
  digit_runs,  ///< each run of them
  gpt2,        ///< the regular expression of GPT-2
  llama3,      ///< the regular expression of Llama 3
};

/// The regular expressions as in tokenizer.json.
constexpr std::string_view gpt2_pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view llama3_pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

/// The pieces of UTF-8 text, in order and without gaps, as views of it: each cut is applied to the
/// pieces produced by the one before, so a pattern's lookahead does not extend beyond its piece.
std::vector<std::string_view> pieces(std::string_view text, std::span<const Cut> cuts);

}  // namespace earshot::kit::tokenizer
