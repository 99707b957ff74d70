#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace earshot::kit {

/// Text to token ids and back, as the library `tokenizers` of Hugging Face does with the same
/// tokenizer.json. For byte-level BPE, which all Llama-architecture models since Llama 3 use:
///
///  - model `BPE` without byte fallback and affixes; merges as "a b" or ["a", "b"];
///  `ignore_merges`;
///    a byte that has no token is dropped in silence (SmolLM2 lacks some), or becomes `unk_token`;
///  - pre-tokenizers `Digits`, `Split` with the pattern of GPT-2 or Llama 3, `ByteLevel`, in
///    sequence; Unicode classes are those of utf8proc;
///  - no normalizer; decoder `ByteLevel`; post-processor none, `ByteLevel`, `TemplateProcessing`;
///  - `truncation` and `padding` of the file are left to the caller.
///
/// A copy is cheap and shares all; any number of threads may use one at the same time.
/// A program links `earshot::kit_text`: earshot_add_plugin(... LIBRARIES earshot::kit_text).
class Tokenizer {
 public:
  /// What `encode` makes of the names of added tokens ("<|im_start|>") in a text.
  enum class Names {
    as_text,    ///< characters like any other: for what a user, data set or model said
    as_tokens,  ///< the token, wherever its name stands: for prompt templates
    as_tokens_with_template,  ///< also what the post-processor adds (Llama 3: bos in front)
  };

  /// @param path tokenizer.json, or the folder that holds it (that of a checkpoint).
  /// @throws DataError `<file>: <what it found>; <what is allowed>` for another kind of tokenizer,
  /// or for a file that is missing, damaged or contradicts itself.
  explicit Tokenizer(const std::filesystem::path& path);

  /// A token for each byte, with the byte as its id, and after them the special tokens, 256 and on:
  /// for models that are trained from nothing. Then two for each of `words`: alone and with a space
  /// in front; text is cut into words as for GPT-2, and those without a token are spelled in bytes.
  /// @throws ConfigError for a special token or word that is empty or named twice, and for a word
  /// that would be cut.
  static Tokenizer bytes(const std::vector<std::string>& special_tokens,
                         const std::vector<std::string>& words = {});

  /// @throws DataError if `text` is no UTF-8, with the place of the first wrong byte.
  std::vector<std::int64_t> encode(std::string_view text, Names names = Names::as_text) const;

  /// UTF-8; bytes that are none become U+FFFD, one for each maximal part of a sequence (as WHATWG
  /// and Unicode 3.9, table 3-8, have it). Ids without a token give nothing: models often have more
  /// rows than their tokenizer has tokens.
  /// @param skip_special leave out tokens that the file calls special.
  std::string decode(std::span<const std::int64_t> ids, bool skip_special) const;

  /// The id of a token by its name in the file ("<|endoftext|>", "Ġthe").
  std::optional<std::int64_t> id(std::string_view token) const;
  /// The name of a token in the file, where bytes are written in GPT-2's alphabet: "Ġthe".
  std::optional<std::string> token(std::int64_t id) const;
  bool special(std::int64_t id) const;

  /// One more than the largest id: the rows that a model needs.
  std::int64_t size() const;

 private:
  struct Parts;
  explicit Tokenizer(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

/// One turn of a dialogue. `role` is "system", "user" or "assistant".
struct Message {
  std::string role, content;
};

/// How an instruction-tuned model was shown dialogues; a base model has none.
enum class ChatTemplate {
  chatml,    ///< <|im_start|>role\ncontent<|im_end|>\n
  smollm2,   ///< ChatML with the system message of SmolLM2-instruct where none is given
  llama3,    ///< <|begin_of_text|>, then
             ///< <|start_header_id|>role<|end_header_id|>\n\ncontent<|eot_id|>
  llama3_2,  ///< the same after a system message with dates: Llama 3.1, 3.2 and Llasa. "Today" is
             ///< 26 Jul 2024, as in the template itself, so that a prompt means the same tomorrow
};

/// "chatml", "smollm2", "llama3", "llama3_2". @throws ConfigError for another name.
ChatTemplate chat_template(const std::string& name);

/// The text of a dialogue, for `encode` with Names::as_tokens; it holds the bos of the template.
/// Contents are trimmed where the template does so (Llama 3).
/// @param answer_next ends with the head of the assistant's turn, so that a model goes on with it.
std::string chat(ChatTemplate chat_template, std::span<const Message> messages, bool answer_next);

}  // namespace earshot::kit
