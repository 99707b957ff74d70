#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <earshot/language_model.hpp>

namespace earshot {

/// One position in the input of a language model.
struct Token {
  std::int64_t id = -1;  ///< in the model's vocabulary; -1: an embedding or a frame of codes
  std::string text{};    ///< UTF-8; U+FFFD for part of a character; "" if id is -1
};

/// Ability of a language model that reads text as tokens: `runner complete` shows them. Without
/// this ability, only its output is shown.
class EARSHOT_API Tokenized {
 public:
  static constexpr const char* contract = "tokenized";
  virtual ~Tokenized();

  /// The prompt as the model reads it, with the markers of beginning and chat template, in reading
  /// order: LanguageModel::length(prompt) of them.
  virtual std::vector<Token> tokens(const Prompt& prompt) const = 0;

  /// An answer as counted in its likelihood: its tokens and the end marker.
  virtual std::vector<Token> answer_tokens(const std::string& answer) const = 0;
};

}  // namespace earshot
