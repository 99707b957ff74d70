#include "letter.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "fold.hpp"
#include "unicode.hpp"

namespace earshot::kit {
namespace {

using Text = std::u32string_view;
using Found = std::set<std::size_t>;

template <class List>
bool contains(const List& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

/// A word, a number, or a single other character that is not a space.
struct Piece {
  std::string lower{};
  bool word = false, upper = false;
  bool spaced = false, new_line = false;  ///< what precedes it
};

bool is_ascii(char32_t code) {
  return code < 0x80;
}
/// Of Chinese, Japanese or Korean, which are written without spaces: "答案是B".
bool is_unspaced(char32_t code) {
  return code >= 0x2E80 && code < 0xFB00;
}

std::vector<Piece> pieces(Text text) {
  std::vector<Piece> all;
  bool spaced = true, new_line = true;
  for (std::size_t at = 0; at < text.size();) {
    if (text::is_space(text[at])) {
      spaced = true;
      new_line |= text[at] == U'\n' || text[at] == U'\r';
      ++at;
      continue;
    }
    auto end = at + 1;
    const bool word = text::is_word(text[at]) && text[at] != U'_';
    while (word && end < text.size() && text::is_word(text[end]) && text[end] != U'_' &&
           !(is_unspaced(text[end - 1]) && is_ascii(text[end])) &&
           !(is_ascii(text[end - 1]) && is_unspaced(text[end])))
      ++end;
    const auto part = text.substr(at, end - at);
    const auto lower = text::case_folded(part);
    all.push_back({.lower = lower,
                   .word = word,
                   .upper = word && lower != text::to_utf8(part),
                   .spaced = spaced,
                   .new_line = new_line});
    spaced = new_line = false;
    at = end;
  }
  return all;
}

/// Words before a letter that state it as the answer: "the answer is B", "I choose B", "option B".
constexpr std::array<const char*, 32> stating = {
    "answer",   "answers",  "option",  "choice",   "letter",  "choose",    "chose",
    "chosen",   "choosing", "pick",    "picked",   "select",  "selected",  "selecting",
    "say",      "guess",    "believe", "boxed",    "text",    "textbf",    "mathrm",
    "mathbf",   "correct",  "ans",     "antwort",  "réponse", "respuesta", "risposta",
    "resposta", "antwoord", "ответ",   "відповідь"};
/// How words that state an answer end in languages without spaces between words.
constexpr std::array<std::string_view, 13> unspaced_stating = {
    "答案", "答案是", "答案为", "答案為", "选",   "選",    "选择",
    "選擇", "答え",   "答えは", "解答",   "정답", "정답은"};
/// The same, but words that often precede an article, too.
constexpr std::array<const char*, 15> leading = {"is",    "be",  "was", "s",         "think",
                                                 "with",  "for", "so",  "therefore", "thus",
                                                 "hence", "go",  "ist", "est",       "es"};
/// Words that may follow a stated letter.
constexpr std::array<const char*, 25> reasoning = {
    "because", "since", "as",       "due",    "based", "given", "but",     "which", "and",
    "so",      "for",   "rather",   "not",    "where", "when",  "however", "from",  "is",
    "the",     "with",  "although", "though", "while", "in",    "here"};
/// Words that deny a letter behind them, up to a word that turns to something else.
constexpr std::array<const char*, 6> denying = {"not", "cannot", "never", "dont", "neither", "nor"};
constexpr std::array<const char*, 9> turning = {"but",     "so",   "then", "therefore", "hence",
                                                "because", "thus", "and",  "instead"};
/// The same for a letter before "is" or "was" and them.
constexpr std::array<const char*, 4> denying_behind = {"not", "wrong", "incorrect", "false"};
constexpr std::array<const char*, 8> note_words = {"flat",  "sharp",    "natural", "major",
                                                   "minor", "dominant", "dorian",  "seventh"};
constexpr std::array<const char*, 12> judging = {"correct", "right",     "best",    "answer",
                                                 "the",     "my",        "most",    "true",
                                                 "likely",  "likeliest", "clearly", "it"};
constexpr std::string_view opening = "([{<\"'*_`", closing = ")]}>\"'*_`";

class Letters {
 public:
  Letters(std::vector<Piece> pieces, std::size_t options, bool numbers)
      : pieces_(std::move(pieces)), options_(options), numbers_(numbers) {}

  std::optional<std::size_t> named() const {
    if (const auto one = alone()) return *one < options_ ? one : std::nullopt;
    auto found = all([this](std::size_t at) { return stated(at); });
    if (found.empty()) found = all([this](std::size_t at) { return marked(at); });
    if (found.size() != 1 || *found.begin() >= options_) return {};
    return *found.begin();
  }

 private:
  static bool is(const Piece& piece, std::string_view characters) {
    return !piece.word && piece.lower.size() == 1 &&
           characters.find(piece.lower[0]) != std::string_view::npos;
  }
  const Piece* at(std::size_t place) const {
    return place < pieces_.size() ? &pieces_[place] : nullptr;
  }
  const Piece* before(std::size_t place) const { return place > 0 ? &pieces_[place - 1] : nullptr; }

  std::optional<std::size_t> index(const Piece& piece) const {
    if (!piece.word) return {};
    if (piece.lower.size() == 1 && letter_index(piece.lower[0]))
      return letter_index(piece.lower[0]);
    if (!numbers_ || piece.lower.empty() || piece.lower.size() > 2 ||
        piece.lower.find_first_not_of("0123456789") != std::string::npos || piece.lower[0] == '0')
      return {};
    return static_cast<std::size_t>(std::stoi(piece.lower)) - 1;
  }

  template <class Fits>
  Found all(const Fits& fits) const {
    Found found;
    for (std::size_t i = 0; i < pieces_.size(); ++i)
      if (const auto one = index(pieces_[i]); one && !is_part(i) && !is_denied(i) && fits(i)) {
        found.insert(*one);
        if (const auto other = beside(i)) found.insert(*other);
      }
    return found;
  }

  /// A reply with nothing but the letter, and what wraps or ends it.
  std::optional<std::size_t> alone() const {
    std::optional<std::size_t> one;
    for (const auto& piece : pieces_) {
      if (is(piece, "([{<\"'*_`)]}>.,:;!?$/\\")) continue;
      if (one || !index(piece)) return {};
      one = index(piece);
    }
    return one;
  }

  /// Whether a letter is part of its surroundings: "C#", "B-flat", "A minor", "b.b. king", "f(b)".
  bool is_part(std::size_t i) const {
    const auto *next = at(i + 1), *last = before(i);
    if (next != nullptr && next->word && contains(note_words, next->lower)) return true;
    if (next != nullptr && !next->spaced &&
        (next->lower == "#" || next->lower == "\u266D" || next->lower == "+" ||
         next->lower == "&" || next->lower == "/"))
      return true;
    if (next != nullptr && !next->spaced && is(*next, "-'.:")) {
      const auto* behind = at(i + 2);
      if (behind != nullptr && behind->word && !behind->spaced) return true;
    }
    if (last != nullptr && !pieces_[i].spaced && is(*last, "-'.&/@#+")) {
      const auto* further = i > 1 ? &pieces_[i - 2] : nullptr;
      if (further != nullptr && further->word && !last->spaced) return true;
    }
    return false;
  }

  /// "The answer is not (B)", "I don't think it is B", "B is wrong".
  bool is_denied(std::size_t i) const {
    auto behind = i + 1;
    while (at(behind) != nullptr && is(*at(behind), closing) && !at(behind)->spaced)
      ++behind;
    const auto *verb = at(behind), *next = at(behind + 1);
    // A capital begins the text of a choice: "(B) Cannot be determined".
    const bool says = verb != nullptr && !verb->upper;
    if (says && (verb->lower == "isn" || verb->lower == "cannot")) return true;
    if (says && next != nullptr && (verb->lower == "is" || verb->lower == "was") &&
        contains(denying_behind, next->lower))
      return true;
    constexpr std::size_t most = 8;  // words between the denial and the letter
    auto place = i;
    for (std::size_t words = 0; place > 0 && words < most && !pieces_[place].new_line;) {
      const auto& piece = pieces_[--place];
      if (!piece.word && !is(piece, opening)) return false;  // another part of the sentence
      if (contains(turning, piece.lower)) return false;
      const bool contracted = piece.lower == "t" && place > 1 && is(pieces_[place - 1], "'") &&
                              pieces_[place - 2].lower.ends_with('n');
      if (contracted || contains(denying, piece.lower) ||
          piece.lower.find("不") != std::string::npos)
        return true;
      words += piece.word ? 1 : 0;
    }
    return false;
  }

  /// "A or B", "A and B", "A, B", "A/B": the other one.
  std::optional<std::size_t> beside(std::size_t i) const {
    auto place = i + 1;
    bool joined = false;
    for (; at(place) != nullptr; ++place) {
      const auto& piece = *at(place);
      if (is(piece, ",/&") || piece.lower == "or" || piece.lower == "and")
        joined = true;
      else if (!is(piece, closing) && !is(piece, opening))
        break;
    }
    const auto* other = at(place);
    if (!joined || other == nullptr || !index(*other) || is_part(place)) return {};
    const auto* next = at(place + 1);
    const bool article = other->lower == "a" || other->lower == "i" || !other->upper;
    if (article && next != nullptr && next->word && next->spaced) return {};
    return index(*other);
  }

  /// Whether the sentence ends after a letter, or continues with a reason.
  bool ends_behind(std::size_t i, bool may_reason) const {
    auto place = i + 1;
    while (at(place) != nullptr && is(*at(place), closing) && !at(place)->spaced)
      ++place;
    const auto* next = at(place);
    if (next == nullptr || next->new_line || is(*next, ".,;:!?-)]}")) return true;
    if (!next->word) return place > i + 1;
    return may_reason && contains(reasoning, next->lower);
  }

  bool stated(std::size_t i) const {
    const auto& piece = pieces_[i];
    auto place = i;  // skips what wraps the letter, "is: **(B)", and "option" or "the letter"
    bool wrapped = false;
    const auto step = [&](std::string_view characters) {
      while (place > 0 && is(pieces_[place - 1], characters)) {
        wrapped |= opening.find(pieces_[place - 1].lower[0]) != std::string_view::npos;
        --place;
      }
    };
    step(opening);
    const bool may_reason = piece.upper || wrapped || piece.lower[0] <= '9';
    const auto* next = at(i + 1);
    // "B is correct"
    auto behind = i + 1;
    while (at(behind) != nullptr && is(*at(behind), closing) && !at(behind)->spaced)
      ++behind;
    if ((piece.upper || behind > i + 1) && at(behind) != nullptr && at(behind)->lower == "is" &&
        at(behind + 1) != nullptr && contains(judging, at(behind + 1)->lower))
      return true;
    // Letters alone on a line.
    if (piece.new_line && (next == nullptr || next->new_line)) return true;
    if (!ends_behind(i, may_reason)) {
      // "the answer is B it blows": a capital that is not an article.
      if (!piece.upper || piece.lower == "a" || piece.lower == "i") return false;
    }
    step(":=->");
    step(opening);
    if (place == 0) return false;
    const auto& word = pieces_[place - 1];
    if (!word.word) return false;
    if (contains(stating, word.lower)) return true;
    if (std::any_of(unspaced_stating.begin(), unspaced_stating.end(),
                    [&](const auto end) { return word.lower.ends_with(end); }))
      return true;
    const bool article = piece.lower == "a" || piece.lower == "i";
    return contains(leading, word.lower) &&
           (piece.upper || wrapped || !article || says_answer(place - 1));
  }

  /// Whether "answer", "option" or a similar word occurs a few words before.
  bool says_answer(std::size_t place) const {
    for (std::size_t back = 0; back < 5 && place > 0; ++back) {
      --place;
      const auto& lower = pieces_[place].lower;
      if (lower == "answer" || lower == "option" || lower == "choice" || lower == "letter")
        return true;
    }
    return false;
  }

  bool marked(std::size_t i) const {
    const auto& piece = pieces_[i];
    const auto *next = at(i + 1), *last = before(i);
    const bool opens = last != nullptr && !piece.spaced && is(*last, opening);
    const bool own = !opens ? piece.spaced : (last->spaced || i == 1 || is_opened(i - 1));
    if (!own || next == nullptr || next->spaced) {
      // "B because", "B - rain", "B\nrain", all at the start
      if (i != 0 || next == nullptr) return false;
      if (next->new_line || (is(*next, "-") && next->spaced)) return true;
      return piece.upper && piece.lower != "a" && piece.lower != "i" && next->word &&
             contains(reasoning, next->lower);
    }
    if (is(*next, ")]}") || (opens && is(*next, closing))) return true;
    auto first = i;
    while (first > 0 && !pieces_[first].spaced && is(pieces_[first - 1], opening))
      --first;
    const bool starts = pieces_[first].new_line;
    return starts && is(*next, ".:,;") && i <= 4;
  }

  /// Whether the opening sign at `place` follows a space or another such sign.
  bool is_opened(std::size_t place) const {
    while (place > 0 && !pieces_[place].spaced && is(pieces_[place - 1], opening))
      --place;
    return pieces_[place].spaced || place == 0;
  }

  std::vector<Piece> pieces_;
  std::size_t options_;
  bool numbers_;
};

/// The ASCII character that does what a mark of Chinese or Japanese does, or '\0'.
char plain_mark(char32_t code) {
  switch (code) {
    case U'。':
      return '.';
    case U'、':
      return ',';
    case U'「':
    case U'『':
    case U'【':
    case U'《':
    case U'〈':
    case U'〔':
      return '(';
    case U'」':
    case U'』':
    case U'】':
    case U'》':
    case U'〉':
    case U'〕':
      return ')';
    default:
      return '\0';
  }
}

/// Puts spaces around dashes and arrows, but not hyphens, and replaces tags by line breaks.
std::u32string spaced_out(std::string_view reply) {
  std::string plain;
  for (std::size_t at = 0; at < reply.size();) {
    const auto code = text::code_point(reply, at);
    if (const auto ascii = code.valid ? plain_mark(code.value) : '\0'; ascii != '\0') {
      plain += ascii;
      at += code.bytes;
      continue;
    }
    const bool dash = code.valid && code.value >= 0x2013 && code.value <= 0x2015;
    const bool arrow = code.valid && (code.value == 0x2192 || code.value == 0x21D2);
    plain += dash || arrow ? " - " : std::string(reply.substr(at, code.bytes));
    at += code.bytes;
  }
  const auto folded = text::folded(plain);
  std::u32string result;
  for (std::size_t at = 0; at < folded.size(); ++at) {
    auto end = at + 1;
    if (folded[at] == U'<') {
      if (end < folded.size() && folded[end] == U'/') ++end;
      const auto first = end;
      while (end < folded.size() && (text::is_word(folded[end]) || folded[end] == U'|'))
        ++end;
      // "<B>" is a wrapped letter, not a tag.
      const bool closes = first > at + 1;
      if (end < folded.size() && folded[end] == U'>' && end > first + (closes ? 0 : 1)) {
        const auto name = text::case_folded(Text(folded).substr(first, end - first));
        result += name == "answer" && folded[at + 1] != U'/' ? U" answer: " : U"\n";
        at = end;
        continue;
      }
    }
    result += folded[at];
  }
  return result;
}

}  // namespace

std::optional<std::size_t> letter_index(char letter) {
  if (letter >= 'a' && letter <= 'z') return static_cast<std::size_t>(letter - 'a');
  if (letter >= 'A' && letter <= 'Z') return static_cast<std::size_t>(letter - 'A');
  return {};
}

std::optional<std::size_t> named_letter(std::string_view reply, std::size_t options, bool numbers) {
  return Letters(pieces(spaced_out(reply)), options, numbers).named();
}

}  // namespace earshot::kit
