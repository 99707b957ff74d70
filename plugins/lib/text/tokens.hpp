#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace earshot::kit::text {

/// A word, a number ("1.5", "1:30"), a sign that means something ("#" of "C#", "-" of "-5", "%"),
/// or one character of a script that is written without spaces.
struct Token {
  std::string text{};
  /// Part of what stands before it: "#" of "C#", "5" of "-5", "s" of "15s". What is looked for
  /// neither begins nor goes on with such a one.
  bool bound = false;
  bool upper = false;  ///< begins with a capital letter
  bool ends = false;   ///< no word follows behind a space
};

/// How much of a text its tokens keep.
enum class Detail {
  words,        ///< case folded; without quotes, brackets and the punctuation of sentences
  punctuation,  ///< case folded
  everything,   ///< but for spaces
};

std::vector<Token> tokens(std::u32string_view folded, Detail detail);

}  // namespace earshot::kit::text
