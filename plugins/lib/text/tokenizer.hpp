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

/// Text to token ids and back, like Hugging Face's library `tokenizers` with the same
/// tokenizer.json. For byte-level BPE, which all Llama-architecture models since Llama 3 use:
///
///  - model `BPE` without byte fallback and affixes; merges as "a b" or ["a", "b"];
///    `ignore_merges`; a byte without a token is silently dropped (SmolLM2 lacks some), or becomes
///    `unk_token`;
///  - pre-tokenizers `Digits`, `Split` with the pattern of GPT-2 or Llama 3, `ByteLevel`, in
///    sequence; Unicode classes are those of utf8proc;
///  - no normalizer; decoder `ByteLevel`; post-processor none, `ByteLevel`, `TemplateProcessing`;
///  - `truncation` and `padding` of the file are left to the caller.
///
/// Copying is cheap and shares everything; a tokenizer may be used by any number of threads at the
/// same time. A program links `earshot::kit_text`: earshot_add_plugin(... LIBRARIES
/// earshot::kit_text).
class Tokenizer {
 public:
  /// How `encode` treats the names of added tokens ("<|im_start|>") in a text.
  enum class Names {
    as_text,                  ///< as ordinary characters: for text from a user, dataset or model
    as_tokens,                ///< as the token, wherever its name occurs: for prompt templates
    as_tokens_with_template,  ///< also adds what the post-processor adds (Llama 3: bos in front)
  };

  /// @param path tokenizer.json, or the folder that contains it (such as a checkpoint's).
  /// @throws DataError `<file>: <what it found>; <what is allowed>` for another kind of tokenizer,
  /// or for a file that is missing, damaged or contradicts itself.
  explicit Tokenizer(const std::filesystem::path& path);

  /// A token for each byte, with the byte as its id, followed by the special tokens, from 256 on:
  /// for models that are trained from scratch. Then two for each of `words`: alone and with a
  /// leading space; text is split into words as for GPT-2, and those without a token are encoded as
  /// bytes.
  /// @throws ConfigError for a special token or word that is empty or named twice, and for a word
  /// that would be split.
  static Tokenizer bytes(const std::vector<std::string>& special_tokens,
                         const std::vector<std::string>& words = {});

  /// @throws DataError if `text` is not UTF-8, with the position of the first wrong byte.
  std::vector<std::int64_t> encode(std::string_view text, Names names = Names::as_text) const;

  /// UTF-8; invalid bytes become U+FFFD, one for each maximal part of a sequence (as specified by
  /// WHATWG and Unicode 3.9, table 3-8). Ids without a token are skipped: models often have more
  /// rows than their tokenizer has tokens.
  /// @param skip_special leave out tokens that the file marks as special.
  std::string decode(std::span<const std::int64_t> ids, bool skip_special) const;

  /// The id of a token by its name in the file ("<|endoftext|>", "Ġthe").
  std::optional<std::int64_t> id(std::string_view token) const;
  /// The name of a token in the file, in which bytes are written in GPT-2's alphabet: "Ġthe".
  std::optional<std::string> token(std::int64_t id) const;
  bool special(std::int64_t id) const;

  /// The largest id plus one: the number of rows that a model needs.
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

/// The dialogue format of an instruction-tuned model; a base model has none.
enum class ChatTemplate {
  chatml,    ///< <|im_start|>role\ncontent<|im_end|>\n
  smollm2,   ///< ChatML with the system message of SmolLM2-instruct if none is given
  llama3,    ///< <|begin_of_text|>, then
             ///< <|start_header_id|>role<|end_header_id|>\n\ncontent<|eot_id|>
  llama3_2,  ///< the same after a system message with dates: Llama 3.1, 3.2 and Llasa. "Today" is
             ///< 26 Jul 2024, as in the template itself, so that prompts do not depend on the day
};

/// "chatml", "smollm2", "llama3", "llama3_2". @throws ConfigError for any other name.
ChatTemplate chat_template(const std::string& name);

/// The text of a dialogue, for `encode` with Names::as_tokens; it includes the template's bos.
/// Contents are trimmed if the template does so (Llama 3).
/// @param answer_next ends with the header of the assistant's turn, so that a model continues with
/// it.
std::string chat(ChatTemplate chat_template, std::span<const Message> messages, bool answer_next);

}  // namespace earshot::kit
