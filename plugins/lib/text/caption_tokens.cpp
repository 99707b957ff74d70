#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <lib/text/captions.hpp>

#include "normalize.hpp"
#include "unicode.hpp"

namespace earshot::kit {
namespace {

using text::CharacterClass;

/// Typeset characters as the tokenizer rewrites them.
const std::map<char32_t, std::u32string> plain_characters = {
    {U'\u2018', U"'"},   {U'\u2019', U"'"},   {U'\u201C', U"\""},  {U'\u201D', U"\""},
    {U'\u2013', U"--"},  {U'\u2014', U"--"},  {U'\u2026', U"..."}, {U'\u00BC', U"1/4"},
    {U'\u00BD', U"1/2"}, {U'\u00BE', U"3/4"}, {U'\u00A3', U"#"},   {U'\u20AC', U"$"},
};

/// Words that keep their full stop, in addition to single letters.
const std::set<std::string> abbreviations = {"mr",  "mrs", "ms",   "dr",  "prof", "st",  "jr",
                                             "sr",  "vs",  "etc",  "inc", "corp", "co",  "ltd",
                                             "ft",  "jan", "feb",  "mar", "apr",  "jun", "jul",
                                             "aug", "sep", "sept", "oct", "nov",  "dec"};

/// Words that are two or three tokens.
const std::map<std::string, std::vector<std::string>> compounds = {
    {"cannot", {"can", "not"}}, {"gonna", {"gon", "na"}}, {"gotta", {"got", "ta"}},
    {"wanna", {"wan", "na"}},   {"lemme", {"lem", "me"}}, {"gimme", {"gim", "me"}}};

const std::map<char32_t, std::string> brackets = {{U'(', "-lrb-"}, {U')', "-rrb-"},
                                                  {U'[', "-lsb-"}, {U']', "-rsb-"},
                                                  {U'{', "-lcb-"}, {U'}', "-rcb-"}};

std::u32string plain(std::string_view text) {
  std::u32string characters;
  const auto lowered = text::lower(text);
  for (std::size_t at = 0; at < lowered.size();) {
    const auto code = text::code_point(lowered, at);
    at += code.bytes;
    const auto found = plain_characters.find(code.value);
    if (found == plain_characters.end())
      characters += code.value;
    else
      characters += found->second;
  }
  return characters;
}

std::string utf8(std::u32string_view characters) {
  std::string text;
  for (const auto character : characters)
    text::append_utf8(text, character);
  return text;
}

class CaptionScanner {
 public:
  explicit CaptionScanner(std::string_view text) : text_(plain(text)) {}

  std::vector<std::string> tokens() {
    while (at_ < text_.size()) {
      if (letter(at_) || digit(at_) || (text_[at_] == U'.' && digit(at_ + 1)))
        take_word();
      else if (text_[at_] == U'\'')
        take_apostrophe();
      else
        take_symbol();
    }
    return std::move(tokens_);
  }

 private:
  bool sees(std::size_t at, char32_t character) const {
    return at < text_.size() && text_[at] == character;
  }
  bool letter(std::size_t at) const {
    return at < text_.size() && text::is_word(text_[at]) && text_[at] != U'_' && !digit(at);
  }
  bool digit(std::size_t at) const {
    return at < text_.size() && text::character_class(text_[at]) == CharacterClass::number;
  }
  bool alphanumeric(std::size_t at) const { return letter(at) || digit(at); }

  void take(std::size_t end) {
    tokens_.push_back(utf8(text_.substr(at_, end - at_)));
    at_ = end;
  }

  /// "3.5", "1,000", "12:30", "1/2", "10-15"
  std::size_t number_end() const {
    auto end = at_ + (text_[at_] == U'.' ? 1U : 0U);
    while (digit(end)) {
      ++end;
      if (end < text_.size() &&
          std::u32string_view(U".,:/-").find(text_[end]) != std::u32string_view::npos &&
          digit(end + 1))
        ++end;
    }
    return end;
  }
  /// "mid-size", "inhales/exhales", "dog_barking", "20khz", "foo.bar", "u.s"; also "c#" and "f#"
  std::size_t word_end() const {
    auto end = at_;
    while (alphanumeric(end)) {
      ++end;
      const bool joins = sees(end, U'-') || sees(end, U'/') || sees(end, U'_');
      if ((joins && alphanumeric(end + 1)) ||
          (sees(end, U'.') && letter(end - 1) && letter(end + 1)))
        ++end;
    }
    const bool language = end == at_ + 1 && (sees(at_, U'c') || sees(at_, U'f')) && sees(end, U'#');
    return language ? end + 1 : end;
  }
  /// "c." and "p.m."
  bool single_letters(std::u32string_view word) const {
    for (std::size_t i = 0; i < word.size(); ++i)
      if (i % 2 == 0 ? !letter(at_ + i) : word[i] != U'.') return false;
    return word.size() % 2 == 1;
  }

  void take_word() {
    const auto number = number_end(), end = word_end();
    if (number > end || text_[at_] == U'.') return take(number);
    const auto word = std::u32string_view(text_).substr(at_, end - at_);
    const auto name = utf8(word);
    if (sees(end, U'.') && (single_letters(word) || abbreviations.contains(name)))
      return take(end + 1);
    if (sees(end, U'\'') && take_with_apostrophe(name, end)) return;
    const auto compound = compounds.find(name);
    if (compound == compounds.end()) return take(end);
    tokens_.insert(tokens_.end(), compound->second.begin(), compound->second.end());
    at_ = end;
  }

  /// "isn't" is is, n't; "o'clock" and "d'you" are one token.
  bool take_with_apostrophe(const std::string& word, std::size_t end) {
    if (word.ends_with('n') && sees(end + 1, U't') && !alphanumeric(end + 2)) {
      if (end - at_ > 1) take(end - 1);
      take(end + 2);
      return true;
    }
    const auto rest = utf8(run(end + 1));
    const bool one = (word == "o" && rest == "clock") || (word == "ma" && rest == "am") ||
                     (word == "d" && rest.size() > 1);
    if (one) take(end + 1 + rest.size());
    return one;
  }

  /// The letters and digits from here on.
  std::u32string_view run(std::size_t begin) const {
    auto end = begin;
    while (alphanumeric(end))
      ++end;
    return std::u32string_view(text_).substr(std::min(begin, text_.size()), end - begin);
  }

  /// Ends of contractions, and words whose first letters are omitted; otherwise a quote, which is
  /// dropped.
  void take_apostrophe() {
    const auto rest = run(at_ + 1);
    const auto word = utf8(rest);
    const auto end = at_ + 1 + rest.size();
    static const std::set<std::string> kept = {"s",  "m",   "d",     "ll", "re",
                                               "ve", "til", "cause", "em"};
    if (word == "tis" || word == "twas") {
      take(at_ + 2);
      return take(end);
    }
    if (word == "n" && sees(end, U'\'')) return take(end + 1);
    const bool decade = (at_ == 0 || !digit(at_ - 1)) && rest.size() >= 2 && digit(at_ + 1);
    if (kept.contains(word) || word == "n" || decade) return take(end);
    ++at_;
  }

  void take_symbol() {
    const auto character = text_[at_];
    if (character == U'!' || character == U'?') return take_exclamation();
    if ((character == U'#' || character == U'@') && letter(at_ + 1))
      return take(at_ + 1 + run(at_ + 1).size());
    if (const auto bracket = brackets.find(character); bracket != brackets.end()) {
      tokens_.push_back(bracket->second);
    } else if (character < 0x100 && !text::is_space(character) && character > U' ' &&
               std::u32string_view(U".,:;-\"`").find(character) == std::u32string_view::npos) {
      return take(at_ + 1);
    }
    ++at_;  // what is left is spaces, what the metrics drop, and what the tokenizer does not know
  }

  /// A single mark is dropped, several are one token.
  void take_exclamation() {
    auto end = at_;
    while (sees(end, U'!') || sees(end, U'?'))
      ++end;
    if (end - at_ > 1) return take(end);
    at_ = end;
  }

  std::u32string text_;
  std::size_t at_ = 0;
  std::vector<std::string> tokens_{};
};

}  // namespace

std::vector<std::string> caption_tokens(std::string_view text) {
  return CaptionScanner(text).tokens();
}

}  // namespace earshot::kit
