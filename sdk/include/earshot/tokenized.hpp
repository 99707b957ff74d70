#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <earshot/language_model.hpp>

namespace earshot {

/// One position of what a language model reads.
struct Token {
  std::int64_t id = -1;  ///< in the model's vocabulary; -1: an embedding or a frame of codes
  std::string text{};    ///< UTF-8; of part of a character U+FFFD; "" where id is -1
};

/// What a language model also says when it reads text as tokens: `runner complete` shows them. One
/// without this ability is shown by what it says alone.
class EARSHOT_API Tokenized {
 public:
  static constexpr const char* contract = "tokenized";
  virtual ~Tokenized();

  /// The prompt as the model reads it, with the markers of begin and dialogue around it, in reading
  /// order: LanguageModel::length(prompt) of them.
  virtual std::vector<Token> tokens(const Prompt& prompt) const = 0;

  /// An answer as its likelihood counts it: its tokens and the end marker.
  virtual std::vector<Token> answer_tokens(const std::string& answer) const = 0;
};

}  // namespace earshot
