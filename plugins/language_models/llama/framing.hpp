#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <lib/text/tokenizer.hpp>

namespace llama {

/// The tokens that a model expects around a question.
struct Framing {
  std::vector<std::int64_t> before{}, after{};
  std::int64_t end = 0;            ///< of an answer
  std::vector<std::int64_t> stop;  ///< any of them ends generation; includes `end`
};

/// @param chat "none": only what the tokenizer puts in front of every text (Llama 3: bos); a name
/// for kit::chat_template(); or "auto": the template of tokenizer_config.json or
/// chat_template.jinja in `folder`, none if there is no template
/// @param end_tokens from the model's configuration
/// @throws ConfigError for an unknown template, DataError if tokens are missing.
Framing framing(const earshot::kit::Tokenizer& tokenizer, const std::string& chat,
                const std::optional<std::filesystem::path>& folder,
                const std::vector<std::int64_t>& end_tokens);

/// Audio in the vocabulary of a text model that was trained to read it: Llasa's <|s_0|>, <|s_1|>,
/// ...
struct SpeechTokens {
  std::int64_t first = 0, count = 0;
  std::vector<std::int64_t> before{}, after{};  ///< around a segment of audio, if there are any
};

/// nullopt if the tokenizer has none.
std::optional<SpeechTokens> speech_tokens(const earshot::kit::Tokenizer& tokenizer);

}  // namespace llama
