#include "mellow.hpp"

#include <algorithm>

#include "choices.hpp"
#include "letter.hpp"
#include "normalize.hpp"

namespace earshot::kit::mellow {
namespace {

/// Python's text.split(")")[0].lower()
std::string before_parenthesis(std::string_view text) {
  return text::lower(text.substr(0, text.find(')')));
}

/// Gold answers in the form of Mellow's files, "b) rain", if the dataset has only the text.
std::vector<std::string> lettered_golds(const AnswerKey& key) {
  std::vector<std::string> golds(key.golds.begin(), key.golds.end());
  const auto choice = gold_choice(key);
  for (auto& gold : golds)
    if (choice && *choice < 26 && !lettered_option(gold))
      gold = std::string(1, static_cast<char>('a' + *choice)) + ") " + gold;
  return golds;
}

/// a to d; nullopt for everything else.
std::optional<std::size_t> option(std::string_view text) {
  const auto letter = before_parenthesis(text);
  if (letter.size() != 1 || letter[0] < 'a' || letter[0] > 'd') return {};
  return letter_index(letter[0]);
}

/// The option for which the rules take a reply, "a" if it names none.
Verdict took(const AnswerKey& key, std::string_view reply) {
  const auto named = option(reply);
  Verdict verdict{.parsed = named.has_value(), .choice = named.value_or(0)};
  if (*verdict.choice < key.choices.size())
    verdict.text = option_text(key.choices, *verdict.choice);
  return verdict;
}

template <class Fits>
bool any_gold(const AnswerKey& key, const Fits& fits) {
  const auto golds = lettered_golds(key);
  return std::any_of(golds.begin(), golds.end(), fits);
}

}  // namespace

Verdict binary(const AnswerKey& key, std::string_view reply) {
  const auto lowered = text::lower(reply);
  const auto gold = std::find_if(key.golds.begin(), key.golds.end(), [&](const auto& one) {
    return lowered.find(text::lower(one)) != std::string::npos;
  });
  if (gold == key.golds.end()) return {};
  return {.correct = true, .parsed = true, .text = text::lower(*gold)};
}

Verdict multiple_choice(const AnswerKey& key, std::string_view reply) {
  auto verdict = took(key, reply);
  const auto letter = std::string(1, static_cast<char>('a' + *verdict.choice));
  verdict.correct =
      any_gold(key, [&](const auto& gold) { return before_parenthesis(gold) == letter; });
  return verdict;
}

Verdict entailment(const AnswerKey& key, std::string_view reply) {
  auto verdict = took(key, reply);
  verdict.correct =
      any_gold(key, [&](const auto& gold) { return option(gold).value_or(0) == *verdict.choice; });
  return verdict;
}

Verdict mmau(const AnswerKey& key, std::string_view reply) {
  const auto said = before_parenthesis(reply);
  Verdict verdict{.parsed = !said.empty(), .text = said};
  verdict.correct =
      any_gold(key, [&](const auto& gold) { return before_parenthesis(gold) == said; });
  if (said.size() == 1) verdict.choice = letter_index(said[0]);
  if (verdict.choice && *verdict.choice >= key.choices.size()) verdict.choice.reset();
  return verdict;
}

}  // namespace earshot::kit::mellow
