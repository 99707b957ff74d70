#include "pre_tokenizer.hpp"

#include <algorithm>
#include <array>

#include "unicode.hpp"

namespace earshot::kit::tokenizer {
namespace {

using text::CharacterClass;

/// Reads forward. There are few classes, so scanning by hand replaces a regular expression engine
/// with its own Unicode tables, and never backtracks over more than a run of spaces.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::size_t at() const { return at_; }
  bool ended() const { return at_ == text_.size(); }
  char32_t peek() const { return text::code_point(text_, at_).value; }
  CharacterClass peek_class() const { return text::character_class(peek()); }
  bool sees(CharacterClass wanted) const { return !ended() && peek_class() == wanted; }
  bool sees_space() const { return !ended() && text::is_space(peek()); }
  void step() { at_ += text::code_point(text_, at_).bytes; }
  void step_back_to(std::size_t place) { at_ = place; }

  void skip(CharacterClass wanted, std::size_t at_most = static_cast<std::size_t>(-1)) {
    for (std::size_t i = 0; i < at_most && sees(wanted); ++i)
      step();
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

/// The length of 's 't 're 've 'm 'll 'd at the start of `text`, or 0.
std::size_t contraction(std::string_view text, bool any_case) {
  if (text.empty() || text[0] != '\'') return 0;
  std::array<char, 2> letters{};
  std::array<std::size_t, 2> ends{};
  std::size_t at = 1, count = 0;
  for (; count < 2 && at < text.size(); ++count) {
    const auto code = text::code_point(text, at);
    auto letter = code.value;
    if (any_case && letter >= U'A' && letter <= U'Z') letter += U'a' - U'A';
    if (any_case && letter == 0x017F) letter = U's';  // the long s folds to s
    at += code.bytes;
    letters[count] = letter < 0x80 ? static_cast<char>(letter) : '\0';
    ends[count] = at;
  }
  if (count > 0 && std::string_view("stmd").find(letters[0]) != std::string_view::npos)
    return ends[0];
  constexpr std::array<std::string_view, 3> pairs = {"re", "ve", "ll"};
  const std::string_view both(letters.data(), count);
  return std::find(pairs.begin(), pairs.end(), both) != pairs.end() ? ends[1] : 0;
}

/// \s+(?!\S)|\s+ : a run of spaces without its last one, which goes with what follows, if something
/// follows and something is left.
std::size_t spaces(Scanner scanner) {
  std::size_t last = 0;
  while (scanner.sees_space()) {
    last = scanner.at();
    scanner.step();
  }
  return scanner.ended() || last == 0 ? scanner.at() : last;
}

std::size_t next_gpt2(std::string_view text) {
  if (const auto length = contraction(text, false)) return length;
  Scanner scanner(text);
  if (scanner.peek() == U' ') scanner.step();
  if (scanner.ended() || scanner.sees_space()) return spaces(Scanner(text));
  scanner.skip(scanner.peek_class());  // letters, numbers or others
  return scanner.at();
}

std::size_t next_llama3(std::string_view text) {
  if (const auto length = contraction(text, true)) return length;
  Scanner scanner(text);
  const auto first = scanner.peek_class();
  // [^\r\n\p{L}\p{N}]?\p{L}+
  if (first == CharacterClass::space || first == CharacterClass::other) scanner.step();
  if (scanner.sees(CharacterClass::letter)) {
    scanner.skip(CharacterClass::letter);
    return scanner.at();
  }
  scanner.step_back_to(0);
  if (first == CharacterClass::number) {  // \p{N}{1,3}
    scanner.skip(CharacterClass::number, 3);
    return scanner.at();
  }
  //  ?[^\s\p{L}\p{N}]+[\r\n]*
  if (scanner.peek() == U' ') scanner.step();
  if (scanner.sees(CharacterClass::other)) {
    scanner.skip(CharacterClass::other);
    scanner.skip(CharacterClass::newline);
    return scanner.at();
  }
  // \s*[\r\n]+ : up to the last newline of the run of spaces
  scanner.step_back_to(0);
  std::size_t after_newline = 0;
  while (scanner.sees_space()) {
    const bool newline = scanner.sees(CharacterClass::newline);
    scanner.step();
    if (newline) after_newline = scanner.at();
  }
  return after_newline > 0 ? after_newline : spaces(Scanner(text));
}

std::size_t next_digits(std::string_view text, std::size_t at_most) {
  Scanner scanner(text);
  if (scanner.sees(CharacterClass::number)) {
    scanner.skip(CharacterClass::number, at_most);
  } else {
    while (!scanner.ended() && !scanner.sees(CharacterClass::number))
      scanner.step();
  }
  return scanner.at();
}

/// The length of the first piece of a non-empty text.
std::size_t next(Cut cut, std::string_view text) {
  switch (cut) {
    case Cut::each_digit:
      return next_digits(text, 1);
    case Cut::digit_runs:
      return next_digits(text, text.size());
    case Cut::gpt2:
      return next_gpt2(text);
    case Cut::llama3:
      return next_llama3(text);
  }
  return text.size();
}

void add_pieces(std::string_view text, std::span<const Cut> cuts,
                std::vector<std::string_view>& pieces) {
  if (cuts.empty()) {
    if (!text.empty()) pieces.push_back(text);
    return;
  }
  while (!text.empty()) {
    const auto length = next(cuts.front(), text);
    add_pieces(text.substr(0, length), cuts.subspan(1), pieces);
    text.remove_prefix(length);
  }
}

}  // namespace

std::vector<std::string_view> pieces(std::string_view text, std::span<const Cut> cuts) {
  std::vector<std::string_view> found;
  add_pieces(text, cuts, found);
  return found;
}

}  // namespace earshot::kit::tokenizer
