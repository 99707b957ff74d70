#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace reasonaqa {

/// What a row is, from its subtype or its structure. Its names are the values of slice `format`.
enum class Format : std::uint8_t { open, caption, yes_no, compare, multiple_choice };
std::string_view name_of(Format format);

/// What a subtype says, exactly. "" where it says nothing.
struct Subtype {
  std::string format{};     ///< a name of Format
  std::string gold_from{};  ///< "audio", "caption" or "synthesised"
};

/// What a question asks for, by the first rule that has a word of it.
struct Topic {
  std::string content{};   ///< slice `content`
  std::string category{};  ///< slice `category` of questions that are open or captions
};

/// The rules by which rows are told apart: data, so that anybody can read, test and change them.
/// The file that is shipped, reasonaqa_rules.json, says how it is written.
class Rules {
 public:
  /// @throws DataError naming the file and what is wrong in it.
  explicit Rules(const std::filesystem::path& file);

  /// Of a subtype as the data spells it: "ACD-1.json" is "acd", and "Clotho-MCQ" "clothomcq".
  const Subtype& subtype(std::string_view name) const;
  /// Where the gold of a row is from when its subtype does not say.
  const std::string& gold_from(Format format) const;

  /// All topics that there are, in the order of the rules; the last is that of other questions.
  const std::vector<Topic>& topics() const { return topics_; }
  /// The place in topics() of a question, letters in whatever case. Remembers words: quick, and not
  /// for two threads at once.
  std::uint8_t topic(std::string_view question);
  /// Whether a question asks for a caption: the topic whose words are `caption` of the rules.
  bool asks_caption(std::string_view question) const;

 private:
  /// A word or phrase of a rule, in small letters; the last word of it may be a beginning.
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
