#include "choices.hpp"

#include <cctype>

#include <earshot/kit/names.hpp>
#include <earshot/kit/questions.hpp>

namespace reasonaqa {

namespace {

using earshot::kit::lower_case;
using earshot::kit::trimmed;

/// How choices are lettered.
struct Style {
  bool opened = false;  ///< "(a)"
  char closing = ')';
};
constexpr Style styles[] = {{true, ')'}, {false, ')'}, {false, '.'}, {false, ':'}};

bool blank(char letter) {
  return std::isspace(static_cast<unsigned char>(letter)) != 0;
}

/// Begin and end of the mark of a choice; npos if there is none.
struct Mark {
  std::size_t begin = std::string_view::npos, end = 0;
  explicit operator bool() const { return begin != std::string_view::npos; }
};

/// The mark that begins at `place`, if it is one.
Mark mark_at(std::string_view text, std::size_t place, char letter, Style style) {
  const auto start = place;
  if (style.opened && (place >= text.size() || text[place++] != '(')) return {};
  if (place + 1 >= text.size() || text[place + 1] != style.closing) return {};
  if (std::tolower(static_cast<unsigned char>(text[place])) != letter) return {};
  if (start > 0 && !blank(text[start - 1])) return {};  // "no. 1a)" is not a mark
  // "a.m." and "a:b" are not marks either; "a)rain" is one.
  const auto end = place + 2;
  if (style.closing != ')' && end < text.size() && !blank(text[end])) return {};
  return {start, end};
}

Mark find_mark(std::string_view text, std::size_t from, char letter, Style style) {
  for (auto place = from; place < text.size(); ++place)
    if (const auto mark = mark_at(text, place, letter, style)) return mark;
  return {};
}

std::string choice_text(std::string_view text) {
  auto choice = trimmed(std::string(text));
  while (!choice.empty() && (choice.back() == ',' || choice.back() == ';'))
    choice = trimmed(choice.substr(0, choice.size() - 1));
  return choice;
}

/// The letter with which an answer begins, and what follows it.
struct Lettered {
  std::size_t index = std::string::npos;
  std::string rest{};
};

Lettered letter_of(const std::string& answer) {
  for (const auto style : styles) {
    const std::size_t at = style.opened ? 1 : 0;
    if (answer.size() <= at) continue;
    const auto letter = static_cast<char>(std::tolower(static_cast<unsigned char>(answer[at])));
    if (letter < 'a' || letter > 'z') continue;
    if (const auto mark = mark_at(answer, 0, letter, style))
      return {static_cast<std::size_t>(letter - 'a'), choice_text(answer.substr(mark.end))};
    if (answer.size() == 1) return {static_cast<std::size_t>(letter - 'a'), ""};
  }
  return {};
}

}  // namespace

ParsedQuestion parse_question(std::string_view text) {
  for (const auto style : styles) {
    // The last "a" that is followed by a "b": an earlier one belongs to the question.
    std::vector<Mark> marks;
    for (auto first = find_mark(text, 0, 'a', style); first;
         first = find_mark(text, first.end, 'a', style)) {
      const auto second = find_mark(text, first.end, 'b', style);
      if (!second) break;
      marks = {first, second};
    }
    if (marks.empty()) continue;
    for (char letter = 'c'; letter <= 'z'; ++letter) {
      const auto next = find_mark(text, marks.back().end, letter, style);
      if (!next) break;
      marks.push_back(next);
    }
    ParsedQuestion parsed{.text = trimmed(std::string(text.substr(0, marks.front().begin)))};
    for (std::size_t i = 0; i < marks.size(); ++i) {
      const auto end = i + 1 < marks.size() ? marks[i + 1].begin : text.size();
      parsed.choices.push_back(choice_text(text.substr(marks[i].end, end - marks[i].end)));
    }
    return parsed;
  }
  return {.text = trimmed(std::string(text))};
}

std::string parse_answer(std::string_view answer, const std::vector<std::string>& choices) {
  auto given = trimmed(std::string(answer));
  const auto meant = [&](const std::string& text) -> const std::string* {
    for (const auto& choice : choices)
      if (lower_case(choice) == lower_case(text)) return &choice;
    return nullptr;
  };
  if (const auto* choice = meant(given)) return *choice;
  const auto [index, rest] = letter_of(given);
  if (index < choices.size()) {
    const auto& choice = choices[index];
    if (rest.empty() || lower_case(rest) == lower_case(choice)) return choice;
  }
  if (!given.empty() && given.back() == '.')
    if (const auto* choice = meant(given.substr(0, given.size() - 1))) return *choice;
  return given;
}

}  // namespace reasonaqa
