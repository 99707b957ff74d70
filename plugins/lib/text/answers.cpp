#include <algorithm>
#include <array>
#include <set>

#include <lib/text/answers.hpp>

#include <earshot/error.hpp>

#include "choices.hpp"
#include "fold.hpp"
#include "letter.hpp"
#include "mellow.hpp"
#include "normalize.hpp"
#include "unicode.hpp"

namespace earshot::kit {
namespace {

using Words = std::vector<std::string>;

std::string joined(const Words& words) {
  std::string text;
  for (const auto& word : words)
    text += (text.empty() ? "" : " ") + word;
  return text;
}

// --- which rules apply to a question

bool always(const AnswerKey&) {
  return true;
}
bool has_choices(const AnswerKey& key) {
  return !key.choices.empty();
}
bool has_gold_choice(const AnswerKey& key) {
  return gold_choice(key).has_value();
}
bool is_yes_no(const AnswerKey& key) {
  return !key.golds.empty() &&
         std::all_of(key.golds.begin(), key.golds.end(), [](const auto& gold) {
           const auto text = normalized_answer(gold);
           return text == "yes" || text == "no";
         });
}

// --- rules

/// The verdict of a rule that took the reply for a choice.
Verdict chose(const AnswerKey& key, std::size_t choice) {
  const auto text = option_text(key.choices, choice);
  const auto gold = gold_choice(key);
  return {.correct = gold && option_text(key.choices, *gold) == text,
          .parsed = true,
          .text = std::string(text),
          .choice = choice};
}

Verdict exact(const AnswerKey& key, std::string_view reply) {
  const auto text = text::trim(reply);
  const bool correct = std::any_of(key.golds.begin(), key.golds.end(),
                                   [&](const auto& gold) { return text::trim(gold) == text; });
  return {.correct = correct, .parsed = !text.empty(), .text = std::string(text)};
}

Verdict normalized_exact(const AnswerKey& key, std::string_view reply) {
  const auto text = normalized_answer(reply);
  const bool correct = std::any_of(key.golds.begin(), key.golds.end(), [&](const auto& gold) {
    return normalized_answer(gold) == text;
  });
  return {.correct = correct, .parsed = !text.empty(), .text = text};
}

Verdict yes_no(const AnswerKey& key, std::string_view reply) {
  const auto words = text::words(text::lower(text::nfkc(reply)));
  const auto says = [&](const char* word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  std::string said;
  if (!words.empty() && (words[0] == "yes" || words[0] == "no"))
    said = words[0];
  else if (says("yes") != says("no"))
    said = says("yes") ? "yes" : "no";
  else
    return {};
  auto verdict = normalized_exact(key, said);
  for (std::size_t i = 0; i < key.choices.size(); ++i)
    if (!verdict.choice && normalized_answer(option_text(key.choices, i)) == said)
      verdict.choice = i;
  return verdict;
}

bool has_digit(std::string_view text) {
  return text.find_first_of("0123456789") != std::string_view::npos;
}

Verdict letter(const AnswerKey& key, std::string_view reply) {
  const auto texts = bare_texts(key.choices);
  // "2" may be a possible answer itself if choices contain numbers.
  const bool numbers = std::none_of(texts.begin(), texts.end(), has_digit);
  const auto choice = named_letter(reply, key.choices.size(), numbers);
  return choice ? chose(key, *choice) : Verdict{};
}

Verdict choice_text(const AnswerKey& key, std::string_view reply) {
  const auto choice = choice_in(key.choices, reply);
  return choice ? chose(key, *choice) : Verdict{};
}

std::set<std::string> word_set(std::string_view text) {
  auto words = text::words(text::lower(text));
  return {words.begin(), words.end()};
}

/// A gold answer without its letter, which is not part of MMAU's.
std::string_view gold_text(const AnswerKey& key, std::string_view gold) {
  const auto option = lettered_option(gold);
  const bool of_choice = option && option->index < key.choices.size() &&
                         option->text == option_text(key.choices, option->index);
  return of_choice ? option->text : gold;
}

bool mmau_accepts(const AnswerKey& key, std::string_view gold, const std::set<std::string>& reply) {
  const auto wanted = word_set(gold);
  if (reply.empty() || !std::includes(reply.begin(), reply.end(), wanted.begin(), wanted.end()))
    return false;
  for (std::size_t i = 0; i < key.choices.size(); ++i)
    for (const auto& word : word_set(option_text(key.choices, i)))
      if (!wanted.contains(word) && reply.contains(word)) return false;
  return true;
}

/// The rule compares with the gold only; the choice it assigns to the reply is the only one that it
/// would accept as gold.
Verdict mmau_tokens(const AnswerKey& key, std::string_view reply) {
  const auto words = word_set(reply);
  Verdict verdict;
  verdict.correct = std::any_of(key.golds.begin(), key.golds.end(), [&](const auto& gold) {
    return mmau_accepts(key, gold_text(key, gold), words);
  });
  for (std::size_t i = 0; i < key.choices.size(); ++i) {
    if (!mmau_accepts(key, option_text(key.choices, i), words)) continue;
    if (verdict.parsed) return {.correct = verdict.correct};
    verdict.parsed = true;
    verdict.choice = i;
    verdict.text = option_text(key.choices, i);
  }
  return verdict;
}

const std::array<AnswerScorer, 10> scorers = {{
    {"exact", "Equal to a gold answer, ignoring surrounding spaces", always, exact},
    {"normalized_exact", "Equal to a gold answer after NFKC, in lower case, without punctuation",
     always, normalized_exact},
    {"yes_no", "Says yes or no as separate words, as the gold does", is_yes_no, yes_no},
    {"letter", "Names the gold's option by its letter", has_gold_choice, letter},
    {"choice_text", "Is or contains the gold's text, and no other choice's", has_gold_choice,
     choice_text},
    {"mmau_tokens", "Has all words of the gold, and none that occur only in other choices",
     has_choices, mmau_tokens},
    {"mellow_binary", "Contains the gold, as Mellow scores yes and no", is_yes_no, mellow::binary},
    {"mellow_mcq", "Has the gold's letter, or is taken for 'a', as Mellow scores choices",
     has_choices, mellow::multiple_choice},
    {"mellow_entailment", "Has the gold's class, or is taken for 'a', as Mellow scores entailment",
     has_choices, mellow::entailment},
    {"mellow_mmau", "Equals the gold up to a closing parenthesis, as Mellow scores MMAU",
     has_choices, mellow::mmau},
}};

}  // namespace

std::span<const AnswerScorer> answer_scorers() {
  return scorers;
}

const AnswerScorer& answer_scorer(std::string_view name) {
  std::string names;
  for (const auto& scorer : scorers) {
    if (scorer.name == name) return scorer;
    names += (names.empty() ? "'" : ", '") + scorer.name + "'";
  }
  throw ConfigError("scorer '" + std::string(name) + "' is unknown; allowed are " + names);
}

std::optional<std::size_t> gold_choice(const AnswerKey& key) {
  for (const auto& gold : key.golds)
    for (std::size_t i = 0; i < key.choices.size(); ++i)
      if (gold == key.choices[i]) return i;
  for (const auto& gold : key.golds) {
    const auto option = lettered_option(gold);
    if (!option || option->index >= key.choices.size()) continue;
    const std::string text(option_text(key.choices, option->index));
    if (choice_equal_to({&text, 1}, option->text)) return option->index;
  }
  for (const auto& gold : key.golds)
    if (const auto same = choice_equal_to(key.choices, gold)) return same;
  return {};
}

std::string normalized_answer(std::string_view text) {
  auto plain = text::lower(text::to_utf8(text::folded(text)));
  std::replace(plain.begin(), plain.end(), '-', ' ');
  std::erase_if(plain, [](char c) {  // Python's string.punctuation
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
  });
  return joined(text::split(plain));
}

std::optional<LetteredOption> lettered_option(std::string_view text) {
  auto rest = text::trim(text);
  if (rest.starts_with('(')) rest.remove_prefix(1);
  if (rest.size() < 2 || rest[1] != ')') return {};
  const auto index = letter_index(rest[0]);
  if (!index) return {};
  return LetteredOption{.index = *index, .text = text::trim(rest.substr(2))};
}

}  // namespace earshot::kit
