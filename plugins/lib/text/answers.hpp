#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace earshot::kit {

/// What a reply is judged against: a Question's choices, in the order shown, and its accepted
/// answers. Gold answers may carry the letter of their option, as in ReasonAQA: "b) rain".
struct AnswerKey {
  std::span<const std::string> choices{};  ///< empty: an open question
  std::span<const std::string> golds{};    ///< any of them is right
};

/// A scorer's interpretation of a reply.
struct Verdict {
  bool correct = false;
  /// Whether the rule found an answer in the reply. A reply without one is wrong.
  bool parsed = false;
  std::string text{};  ///< the answer that it found: "yes", or the text of an option
  /// The option for which it took the reply. Set without `parsed` only by Mellow's rules, which
  /// default to one.
  std::optional<std::size_t> choice{};
};

/// A rule that judges replies, by name. It uses text only, so that old replies can be judged again.
/// Replies may hold any bytes; invalid UTF-8 counts as U+FFFD.
///
/// A reply is correct if, by the rule
///  - `exact`: it equals a gold answer, ignoring surrounding spaces;
///  - `normalized_exact`: it equals a gold answer after NFKC, lower case, typeset quotes and dashes
///    as plain ones, '-' to a space, ASCII punctuation removed, runs of spaces to one (XARES-LLM,
///    except for the typeset characters);
///  - `yes_no`: it contains the gold's "yes" or "no" as its first word, or else as the only one of
///    the two among its words. "Noise" contains neither;
///  - `letter`: it names the gold's option by its letter: "b", "(B)", "b) rain", "B. rain",
///    "**B**", "answer is B", "I choose B", "\\boxed{B}", "B is correct", and "Antwort: B",
///    "答案是B" in some other languages; or by "2" if no choice has a number. A letter that is
///    stated as the answer takes precedence over one in brackets or quotes. No letter, two
///    different ones, or one after the last option is not an answer; nor is one that is denied
///    ("not B", "B is wrong"), an article ("A dog"), a pronoun or a musical note ("C#", "B flat");
///  - `choice_text`: it is the gold's text, or contains it and no other choice's. Ignored are a
///    choice inside a longer one that occurs, a leading letter, and parts of a word, a number or a
///    sign: "C" in "C#", "15" in "-15", "5 s" in "1.5 s". A reply that is identical to a choice,
///    character by character, names that one, whatever it consists of; otherwise case, typeset
///    quotes and dashes, Unicode's forms (NFC, NFD, wide letters) and sentence punctuation are
///    ignored, unless two choices of the item differ in nothing else;
///  - `mmau_tokens`: it has all words of the gold answer, and none that only other choices have;
///  - `mellow_binary`: it contains the gold answer anywhere: "no" is in "noise";
///  - `mellow_mcq`: it has the gold's letter before its first ')'. If that part is not exactly a,
///    b, c or d, it counts as "a";
///  - `mellow_entailment`: the same, except that a gold answer that is none of them also counts as
///    "a";
///  - `mellow_mmau`: it equals the gold answer up to the first ')' of each.
///
/// The rules of Mellow and MMAU use lower case; a word in MMAU is a maximal run of letters, numbers
/// and '_'. `exact` and `normalized_exact` apply to all questions; `yes_no` and `mellow_binary` to
/// gold answers "yes" or "no"; the others to questions with choices. Of two choices with equal
/// text, either is right, except for Mellow's rules.
///
/// Sources: mmau_tokens is `string_match` of MMAU's evaluation.py, which MMAR shares; Mellow's are
/// in its repository's branch `training`, which selects one by the name of the evaluated file. They
/// are kept as they are, including their mistakes, so that results can be compared with published
/// numbers.
struct AnswerScorer {
  std::string name{};
  std::string help{};  ///< one sentence
  /// Whether the rule applies to such a question. `letter` and `choice_text` also need a gold
  /// answer that is among the choices.
  bool (*applies)(const AnswerKey& key) = nullptr;
  /// For a key to which the rule applies.
  Verdict (*judge)(const AnswerKey& key, std::string_view reply) = nullptr;
};

/// All scorers, in the order above.
std::span<const AnswerScorer> answer_scorers();
/// @throws ConfigError for an unknown name, listing the known ones.
const AnswerScorer& answer_scorer(std::string_view name);

/// The choice that is the gold answer: by its letter if the gold has one and the text after it
/// matches, or by its text, either unchanged or by choice_text's comparison of whole texts. Empty
/// if there is none.
std::optional<std::size_t> gold_choice(const AnswerKey& key);

/// The text as compared by normalized_exact.
std::string normalized_answer(std::string_view text);

/// "b" in "b) rain" or "(B) rain", and the text after it; nullopt for a text without a letter.
struct LetteredOption {
  std::size_t index;      ///< 0 for a
  std::string_view text;  ///< a view of the argument
};
std::optional<LetteredOption> lettered_option(std::string_view text);

}  // namespace earshot::kit
