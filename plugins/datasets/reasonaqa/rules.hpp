#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace reasonaqa {

/// The format of a row, from its subtype or its structure. Its names are the values of slice
/// `format`.
enum class Format : std::uint8_t { open, caption, yes_no, compare, multiple_choice };
std::string_view name_of(Format format);

/// The exact properties of a subtype. "" if not specified.
struct Subtype {
  std::string format{};     ///< a name of Format
  std::string gold_from{};  ///< "audio", "caption" or "synthesised"
};

/// What a question asks for, by the first rule with a matching word.
struct Topic {
  std::string content{};   ///< slice `content`
  std::string category{};  ///< slice `category` of questions that are open or captions
};

/// The rules that classify rows: data, so that anybody can read, test and change them. The supplied
/// file, reasonaqa_rules.json, describes its own format.
class Rules {
 public:
  /// @throws DataError naming the file and what is wrong with it.
  explicit Rules(const std::filesystem::path& file);

  /// The rule of a subtype as the data spells it: "ACD-1.json" is "acd", and "Clotho-MCQ"
  /// "clothomcq".
  const Subtype& subtype(std::string_view name) const;
  /// Where the gold answer of a row comes from if its subtype does not tell.
  const std::string& gold_from(Format format) const;

  /// All topics in the order of the rules; the last is that of all other questions.
  const std::vector<Topic>& topics() const { return topics_; }
  /// The index in topics() of a question, in upper or lower case. Caches words: fast, but not
  /// thread-safe.
  std::uint8_t topic(std::string_view question);
  /// Whether a question asks for a caption: its topic's words are `caption` in the rules.
  bool asks_caption(std::string_view question) const;

 private:
  /// A word or phrase of a rule, in lower case; its last word may be a prefix.
  struct Phrase {
    std::vector<std::string> words{};
    bool prefix = false;
    std::uint8_t topic = 0;
    bool matches(const std::vector<std::string_view>& words, std::size_t from) const;
  };
  Phrase phrase_of(const std::string& text, std::uint8_t topic) const;
  const std::vector<std::uint32_t>& candidates(std::string_view word);
  [[noreturn]] void fail(const std::string& what) const;

  std::string file_;
  std::unordered_map<std::string, Subtype> subtypes_{};
  std::unordered_map<std::string, std::string> gold_{};
  std::vector<std::string> captions_{};
  std::vector<Topic> topics_{};
  std::vector<Phrase> phrases_{};  ///< in the order of their topics
  std::unordered_map<std::string, std::vector<std::uint32_t>> known_words_{};
};

}  // namespace reasonaqa
