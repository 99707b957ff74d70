#include "choices.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include <lib/text/answers.hpp>

#include "fold.hpp"
#include "letter.hpp"
#include "normalize.hpp"
#include "tokens.hpp"
#include "unicode.hpp"

namespace earshot::kit {
namespace {

using text::Detail;
using text::Token;
using Tokens = std::vector<Token>;
using Form = std::vector<std::string>;

constexpr Detail details[] = {Detail::words, Detail::punctuation, Detail::everything};

std::vector<std::string> texts_of(const Tokens& tokens) {
  std::vector<std::string> texts;
  for (const auto& token : tokens)
    texts.push_back(token.text);
  return texts;
}

/// A text in increasingly normalised forms; texts with equal forms are equal to a reader.
std::vector<Form> forms_of(std::string_view given) {
  const auto folded = text::folded(text::trim(given));
  std::vector<Form> forms{{text::to_utf8(folded)}, {text::case_folded(folded)}};
  for (const auto detail : {Detail::everything, Detail::punctuation, Detail::words})
    forms.push_back(texts_of(text::tokens(folded, detail)));
  return forms;
}

bool is_nothing(const Form& form) {
  return form.empty() || (form.size() == 1 && form.front().empty());
}

/// The text of a reply after the letter of an option: "(B) rain", "b. rain", "**B:** rain".
std::string_view behind_letter(std::string_view reply) {
  constexpr std::string_view wraps = "([{*_`\"'<", ends = ")]}*_`\"'>.:";
  auto rest = text::trim(reply);
  while (!rest.empty() && wraps.find(rest.front()) != std::string_view::npos)
    rest.remove_prefix(1);
  const bool letter =
      !rest.empty() && ((rest[0] >= 'a' && rest[0] <= 'z') || (rest[0] >= 'A' && rest[0] <= 'Z'));
  if (!letter || rest.size() < 2 || ends.find(rest[1]) == std::string_view::npos) return {};
  rest.remove_prefix(1);
  while (!rest.empty() && ends.find(rest.front()) != std::string_view::npos)
    rest.remove_prefix(1);
  return text::trim(rest);
}

/// Removes "<answer>", "</s>" and similar tags, which are not text.
std::u32string without_tags(std::u32string_view given) {
  std::u32string kept;
  for (std::size_t at = 0; at < given.size(); ++at) {
    auto end = at + 1;
    if (given[at] == U'<') {
      if (end < given.size() && given[end] == U'/') ++end;
      const auto first = end;
      while (end < given.size() && (given[end] == U'|' || given[end] == U'_' ||
                                    (given[end] < 128 && text::is_word(given[end]))))
        ++end;
      if (end < given.size() && given[end] == U'>' && end > first) {
        kept += U' ';
        at = end;
        continue;
      }
    }
    kept += given[at];
  }
  return kept;
}

/// An article or a pronoun, unless it is a capital at the end of the reply.
bool says_little(const Tokens& choice, const Token& said) {
  if (choice.size() != 1 || !choice.front().upper) return false;
  const auto& text = choice.front().text;
  const auto lower = text::lower(text);
  if (lower.size() != 1 || lower[0] < 'a' || lower[0] > 'z') return false;
  return !said.upper || ((lower == "a" || lower == "i") && !said.ends);
}

/// "rain" from "2. rain", "2) rain", "B. rain", "b: rain" as the second choice; otherwise nullopt.
std::optional<std::string_view> without_own_label(std::string_view choice, std::size_t index) {
  auto rest = text::trim(choice);
  const auto number = std::to_string(index + 1);
  if (rest.starts_with(number))
    rest.remove_prefix(number.size());
  else if (!rest.empty() && letter_index(rest[0]) == index)
    rest.remove_prefix(1);
  else
    return {};
  if (rest.size() < 2 || std::string_view(".):").find(rest[0]) == std::string_view::npos ||
      !text::is_space(text::code_point(rest, 1).value))
    return {};
  return text::trim(rest.substr(1));
}

struct Place {
  std::size_t begin, end, choice;
};

class Search {
 public:
  Search(const std::vector<Tokens>& choices, const Tokens& reply)
      : choices_(choices), reply_(reply) {
    for (std::size_t k = 0; k < choices.size(); ++k)
      if (!choices[k].empty()) find(k);
  }

  std::optional<std::size_t> only() const {
    std::optional<std::size_t> found;
    for (const auto& place : places_) {
      if (is_inside_another(place)) continue;
      if (found && texts_of(choices_[*found]) != texts_of(choices_[place.choice])) return {};
      if (!found) found = place.choice;
    }
    return found;
  }

 private:
  void find(std::size_t choice) {
    const auto& wanted = choices_[choice];
    for (std::size_t begin = 0; begin + wanted.size() <= reply_.size(); ++begin) {
      const auto end = begin + wanted.size();
      if (reply_[begin].bound || (end < reply_.size() && reply_[end].bound)) continue;
      const bool equal = std::equal(wanted.begin(), wanted.end(),
                                    reply_.begin() + static_cast<std::ptrdiff_t>(begin),
                                    [](const auto& a, const auto& b) { return a.text == b.text; });
      if (equal && !says_little(wanted, reply_[begin])) places_.push_back({begin, end, choice});
    }
  }

  bool is_inside_another(const Place& place) const {
    return std::any_of(places_.begin(), places_.end(), [&](const Place& other) {
      return other.end - other.begin > place.end - place.begin && other.begin <= place.begin &&
             other.end >= place.end;
    });
  }

  const std::vector<Tokens>& choices_;
  const Tokens& reply_;
  std::vector<Place> places_{};
};

/// Choices with the same tokens as another choice with a different text, and those without tokens.
std::set<std::size_t> blurred(const std::vector<std::string_view>& texts,
                              const std::vector<Tokens>& tokens) {
  std::set<std::size_t> found;
  for (std::size_t k = 0; k < texts.size(); ++k) {
    if (tokens[k].empty()) found.insert(k);
    for (std::size_t other = 0; other < k; ++other)
      if (texts[k] != texts[other] && texts_of(tokens[k]) == texts_of(tokens[other]))
        found.insert({k, other});
  }
  return found;
}

}  // namespace

std::string_view option_text(std::span<const std::string> choices, std::size_t index) {
  const auto option = lettered_option(choices[index]);
  return option && option->index == index ? option->text : text::trim(choices[index]);
}

std::vector<std::string_view> bare_texts(std::span<const std::string> choices) {
  std::vector<std::string_view> bare, labelled;
  for (std::size_t k = 0; k < choices.size(); ++k) {
    bare.push_back(option_text(choices, k));
    if (const auto rest = without_own_label(choices[k], k)) labelled.push_back(*rest);
  }
  return labelled.size() == choices.size() && choices.size() > 1 ? labelled : bare;
}

std::optional<std::size_t> choice_equal_to(std::span<const std::string> choices,
                                           std::string_view given) {
  const auto whole = text::trim(given);
  if (whole.empty()) return {};
  for (std::size_t k = 0; k < choices.size(); ++k)
    if (text::trim(choices[k]) == whole) return k;
  const auto texts = bare_texts(choices);
  if (const auto same = std::find(texts.begin(), texts.end(), whole); same != texts.end())
    return static_cast<std::size_t>(same - texts.begin());
  const auto wanted = forms_of(whole);
  std::vector<std::vector<Form>> all;
  for (const auto& one : texts)
    all.push_back(forms_of(one));
  for (std::size_t f = 0; f < wanted.size(); ++f) {
    if (is_nothing(wanted[f])) continue;
    std::optional<std::size_t> found;
    for (std::size_t k = 0; k < texts.size(); ++k) {
      if (all[k][f] != wanted[f]) continue;
      if (found && texts[*found] != texts[k]) return {};
      if (!found) found = k;
    }
    if (found) return found;
  }
  return {};
}

std::optional<std::size_t> choice_in(std::span<const std::string> choices, std::string_view reply) {
  if (const auto whole = choice_equal_to(choices, reply)) return whole;
  if (const auto rest = behind_letter(reply); !rest.empty())
    if (const auto whole = choice_equal_to(choices, rest)) return whole;
  const auto texts = bare_texts(choices);
  const auto said = without_tags(text::folded(reply));
  for (const auto detail : details) {
    std::vector<Tokens> wanted;
    for (const auto& one : texts)
      wanted.push_back(text::tokens(text::folded(one), detail));
    const auto twins = blurred(texts, wanted);
    if (!twins.empty() && detail != Detail::everything) continue;
    const auto found = Search(wanted, text::tokens(said, detail)).only();
    // Choices that look the same are told apart as whole texts, above, or not at all.
    return found && !twins.contains(*found) ? found : std::nullopt;
  }
  return {};
}

}  // namespace earshot::kit
