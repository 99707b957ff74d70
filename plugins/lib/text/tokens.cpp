#include "tokens.hpp"

#include <algorithm>

#include <utf8proc.h>

#include "fold.hpp"
#include "unicode.hpp"

namespace earshot::kit::text {
namespace {

utf8proc_category_t category(char32_t code) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(code));
}

bool is_digit(char32_t code) {
  return (code >= U'0' && code <= U'9') || category(code) == UTF8PROC_CATEGORY_ND;
}
bool is_mark(char32_t code) {
  const auto its = category(code);
  return its == UTF8PROC_CATEGORY_MN || its == UTF8PROC_CATEGORY_MC || its == UTF8PROC_CATEGORY_ME;
}
bool is_letter(char32_t code) {
  return character_class(code) == CharacterClass::letter || is_mark(code);
}
bool is_alnum(char32_t code) {
  return is_letter(code) || is_digit(code);
}

/// Kana and Han, whose words are not separated by spaces.
bool stands_alone(char32_t code) {
  return (code >= 0x3040 && code <= 0x30FF) || (code >= 0x31F0 && code <= 0x31FF) ||
         (code >= 0x3400 && code <= 0x9FFF) || (code >= 0xF900 && code <= 0xFAFF) ||
         (code >= 0x20000 && code <= 0x3FFFF);
}

bool is_punctuation(char32_t code) {
  switch (category(code)) {
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
      return true;
    default:  // symbols that draw or typeset: arrows, bars, a grave accent
      return code == U'|' || code == U'`' || code == U'<' || code == U'>' || code == U'=' ||
             code == U'~' || code == U'^' || (code >= 0x2190 && code <= 0x21FF) ||
             category(code) == UTF8PROC_CATEGORY_SC;
  }
}

/// "1,500" is 1500; "1,5" is unchanged.
void drop_thousands(std::string& number) {
  const auto first = number.find(',');
  if (first == std::string::npos || first == 0 || first > 3) return;
  auto end = number.find('.');
  if (end == std::string::npos) end = number.size();
  if ((end - first) % 4 != 0) return;
  for (auto at = first; at < end; ++at)
    if ((number[at] == ',') != ((at - first) % 4 == 0)) return;
  std::erase(number, ',');
}

class Tokenizer {
 public:
  Tokenizer(std::u32string_view text, Detail detail) : text_(text), detail_(detail) {}

  std::vector<Token> run() {
    for (at_ = 0; at_ < text_.size(); ++at_) {
      const auto code = text_[at_];
      if (is_space(code))
        flush();
      else if (stands_alone(code))
        single(code, false);
      else if (is_letter(code) && !(is_mark(code) && kind_ == Kind::none && after_symbol_))
        extend(Kind::word, code);
      else if (is_mark(code))
        found_.back().text += to_utf8({&text_[at_], 1});
      else if (is_digit(code))
        extend(Kind::number, code);
      else
        sign(code);
    }
    flush();
    for (auto& token : found_)
      if (detail_ == Detail::words && token.text.find(',') != std::string::npos &&
          is_digit(static_cast<unsigned char>(token.text[0])))
        drop_thousands(token.text);
    return std::move(found_);
  }

 private:
  enum class Kind { none, word, number };

  char32_t before(std::size_t places = 1) const {
    return at_ >= places ? text_[at_ - places] : U' ';
  }
  char32_t after(std::size_t places = 1) const {
    return at_ + places < text_.size() ? text_[at_ + places] : U' ';
  }
  /// The nearest character on either side that is not a space.
  char32_t heard_before() const {
    auto at = at_;
    while (at > 0 && is_space(text_[at - 1]))
      --at;
    return at > 0 ? text_[at - 1] : U' ';
  }
  char32_t heard_after() const {
    auto at = at_ + 1;
    while (at < text_.size() && is_space(text_[at]))
      ++at;
    return at < text_.size() ? text_[at] : U' ';
  }

  void flush() {
    if (kind_ != Kind::none) {
      auto end = at_;
      const bool spaced = end < text_.size() && is_space(text_[end]);
      while (end < text_.size() && is_space(text_[end]) && text_[end] != U'\n')
        ++end;
      const bool more = spaced && end < text_.size() && is_alnum(text_[end]);
      push({.bound = bound_, .upper = upper_, .ends = !more}, current_);
      bound_ = false;
    }
    kind_ = Kind::none;
    current_.clear();
    after_symbol_ = false;
  }

  void push(Token token, std::u32string_view text) {
    token.text = detail_ == Detail::everything ? to_utf8(text) : case_folded(text);
    found_.push_back(std::move(token));
  }

  /// A token of one character; `joins`: part of what precedes it.
  void single(char32_t code, bool joins) {
    flush();
    const char32_t text[] = {code};
    push({.bound = joins || bound_, .ends = true}, {text, 1});
    bound_ = false;
    after_symbol_ = true;
  }

  void extend(Kind kind, char32_t code) {
    if (kind_ != Kind::none && kind_ != kind) {
      flush();
      bound_ = true;  // "15s", "C4"
    }
    if (kind_ == Kind::none) {
      kind_ = kind;
      word_start_ = at_;
      upper_ = category(code) == UTF8PROC_CATEGORY_LU;
    }
    current_ += code;
  }

  /// Checked between two words only: the "." in "U.S.", with a single letter on each side.
  bool abbreviates() const {
    return kind_ == Kind::word && is_letter(after()) && !is_alnum(after(2)) &&
           (at_ - word_start_ == 1 || before(2) == U'.');
  }

  bool one_letter_beside() const { return !is_alnum(before(2)) || !is_alnum(after(2)); }

  void hyphen() {
    const bool near_digits = is_digit(before()) && is_digit(after());
    const bool far_digits = is_space(before()) && is_space(after()) && is_digit(heard_before()) &&
                            is_digit(heard_after());
    const bool signs =
        !is_alnum(before()) && (is_digit(after()) || (after() == U'.' && is_digit(after(2))));
    const bool joins = is_letter(before()) && is_letter(after());
    if (near_digits || far_digits || signs) {
      single(U'-', near_digits || far_digits);
      bound_ = true;
    } else if (detail_ != Detail::words) {
      single(U'-', false);
    } else {
      const bool key = joins && one_letter_beside();  // "B-flat" does not mean B
      flush();
      bound_ = key;
    }
  }

  void sign(char32_t code) {
    const bool left = is_alnum(before()), right = is_alnum(after());
    switch (code) {
      case U'-':
        return hyphen();
      case U'.':
      case U',':
      case U':':
        if (kind_ == Kind::number && is_digit(after())) {
          current_ += code;
          return;
        }
        if (code == U'.' && !left && is_digit(after())) {
          if (detail_ != Detail::words) return bind(code, false, true);
          extend(Kind::number, U'0');
          current_ += code;
          return;
        }
        if (code == U'.' && detail_ == Detail::words && abbreviates()) return;
        break;
      case U'\'':
        if (kind_ != Kind::word || !is_letter(after())) break;
        if (detail_ != Detail::words) current_ += code;
        return;
      case U'%':
      case 0x2030:  // per mille
      case 0xB0:    // degree
        return bind(code, is_digit(heard_before()), is_letter(after()));
      case 0x266D:  // flat
      case 0x266E:  // natural
        return single(code, left);
      case U'#':
        if (left || is_digit(after())) return bind(code, left, right);
        break;
      case U'+':
        if (left || right || before() == U'+') return bind(code, left || before() == U'+', right);
        return single(code, false);
      case U'&':
      case U'@':
      case U'/':
      case U'\\':
      case U'=':
      case U'*':
      case U'^':
      case 0xD7:  // times
      case 0xF7:  // divided by
        if (left && right) return bind(code, true, true);
        break;
      case U'<':
      case U'>':
      case U'~':
      case 0xB1:    // plus or minus
      case 0x2248:  // about
      case 0x2264:  // at most
      case 0x2265:  // at least
        if (is_digit(heard_after())) return bind(code, false, true);
        break;
      default:
        if (category(code) == UTF8PROC_CATEGORY_SC && (is_digit(before()) || is_digit(after())))
          return bind(code, is_digit(before()), is_digit(after()));
    }
    if (!is_punctuation(code) || detail_ != Detail::words) return single(code, false);
    flush();
    bound_ = false;
  }

  void bind(char32_t code, bool to_the_left, bool to_the_right) {
    single(code, to_the_left);
    bound_ = to_the_right;
  }

  std::u32string_view text_;
  Detail detail_;
  std::size_t at_ = 0, word_start_ = 0;
  Kind kind_ = Kind::none;
  std::u32string current_{};
  bool bound_ = false, upper_ = false, after_symbol_ = false;
  std::vector<Token> found_{};
};

}  // namespace

std::vector<Token> tokens(std::u32string_view folded, Detail detail) {
  return Tokenizer(folded, detail).run();
}

}  // namespace earshot::kit::text
