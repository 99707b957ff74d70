#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace earshot::kit::text {

/// A word, a number ("1.5", "1:30"), a sign with a meaning ("#" in "C#", "-" in "-5", "%"), or one
/// character of a script that is written without spaces.
struct Token {
  std::string text{};
  /// Part of what precedes it: "#" in "C#", "5" in "-5", "s" in "15s". A match neither begins with
  /// nor is followed by such a token.
  bool bound = false;
  bool upper = false;  ///< begins with a capital letter
  bool ends = false;   ///< not followed by a space and another word
};

/// How much of a text its tokens preserve.
enum class Detail {
  words,        ///< case folded; without quotes, brackets and the punctuation of sentences
  punctuation,  ///< case folded
  everything,   ///< except spaces
};

std::vector<Token> tokens(std::u32string_view folded, Detail detail);

}  // namespace earshot::kit::text
