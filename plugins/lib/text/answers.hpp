#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace earshot::kit {

/// What a reply is judged by: a Question's choices, in the order shown, and its accepted answers.
/// Gold answers may carry the letter of their option, as ReasonAQA writes them: "b) rain".
struct AnswerKey {
  std::span<const std::string> choices{};  ///< empty: an open question
  std::span<const std::string> golds{};    ///< any of them is right
};

/// What a scorer made of a reply.
struct Verdict {
  bool correct = false;
  /// Whether the rule found an answer in the reply. A reply without one is wrong.
  bool parsed = false;
  std::string text{};  ///< the answer that it found: "yes", or the text of an option
  /// The option that it took the reply for. Without `parsed` only by rules that make one up:
  /// Mellow's.
  std::optional<std::size_t> choice{};
};

/// A rule that judges replies, by name. It looks at text only, so that old replies can be judged
/// again. Replies may hold any bytes; what is no UTF-8 counts as U+FFFD.
///
/// Correct is a reply that
///  - `exact`: equals a gold, but for spaces around it;
///  - `normalized_exact`: equals a gold after NFKC, lower case, typeset quotes and dashes as plain
///    ones, '-' to a space, ASCII punctuation away, runs of spaces to one (XARES-LLM, but for what
///    is typeset);
///  - `yes_no`: says the gold's "yes" or "no", as its first word, or else as the only one of the
///    two among its words. "Noise" says neither;
///  - `letter`: names the gold's option by its letter: "b", "(B)", "b) rain", "B. rain", "**B**",
///    "answer is B", "I choose B", "\\boxed{B}", "B is correct"; or by "2" where no choice has a
///    number. What is stated as the answer counts before a letter in brackets or quotes. None, two
///    different ones, or one behind the last option is no answer; nor is an article ("A dog"), a
///    pronoun or a note ("C#", "B flat");
///  - `choice_text`: is the gold's text, or holds it, and no other choice's. A choice inside of a
///    longer one that is there does not count, nor a letter in front, nor what is cut out of a
///    word, a number or a sign: "C" of "C#", "15" of "-15", "5 s" of "1.5 s". A reply that is one
///    of the choices, letter for letter, is that one, whatever they are made of; else case, typeset
///    quotes and dashes, Unicode's forms (NFC, NFD, wide letters) and the punctuation of sentences
///    have no say, but where two choices of the item differ in nothing else;
///  - `mmau_tokens`: has all words of the gold, and none that only other choices have;
///  - `mellow_binary`: has the gold as a part: "no" is in "noise";
///  - `mellow_mcq`: has the gold's letter before its first ')'. For what is not just a, b, c or d
///    there, it takes "a";
///  - `mellow_entailment`: the same, where a gold that is none of them is "a", too;
///  - `mellow_mmau`: equals the gold up to the first ')' of each.
///
/// The rules of Mellow and MMAU are in lower case; a word of MMAU's is a longest run of letters,
/// numbers and '_'. `exact` and `normalized_exact` go with all questions; `yes_no` and
/// `mellow_binary` with golds that are "yes" or "no"; the others with choices.
/// Of two choices with equal text either is right, but not for Mellow's rules.
///
/// Sources: mmau_tokens is `string_match` of MMAU's evaluation.py, which MMAR shares; Mellow's are
/// in its repository's branch `training`, which picks one by the name of the file that it
/// evaluates. They stay as they are, with what they get wrong, so that published numbers can be
/// compared.
struct AnswerScorer {
  std::string name{};
  std::string help{};  ///< one sentence
  /// Whether the rule goes with such a question. `letter` and `choice_text` also need a gold that
  /// is among the choices.
  bool (*applies)(const AnswerKey& key) = nullptr;
  /// Of a key that the rule applies to.
  Verdict (*judge)(const AnswerKey& key, std::string_view reply) = nullptr;
};

/// All, in the order above.
std::span<const AnswerScorer> answer_scorers();
/// @throws ConfigError for an unknown name, with those that there are.
const AnswerScorer& answer_scorer(std::string_view name);

/// The choice that is the gold: by its letter where the gold has one and the text behind it fits,
/// or by its text, as it is or else as choice_text compares whole texts. Empty where none is.
std::optional<std::size_t> gold_choice(const AnswerKey& key);

/// As normalized_exact compares texts.
std::string normalized_answer(std::string_view text);

/// "b" of "b) rain" or "(B) rain", and the text behind it; nothing for a text without a letter.
struct LetteredOption {
  std::size_t index;      ///< 0 for a
  std::string_view text;  ///< a view of what was given
};
std::optional<LetteredOption> lettered_option(std::string_view text);

}  // namespace earshot::kit
