#pragma once
#include <string>
#include <vector>

#include <earshot/dataset.hpp>
#include <earshot/language_model.hpp>
#include <earshot/options.hpp>

namespace audio_qa {

/// What stands for an item's clips in a prompt.
struct ListeningResult {
  earshot::Prompt start{};  ///< the same for every item; or nothing
  earshot::Prompt clips{};  ///< embeddings of each clip, or text of it; or nothing
};

/// Form of an answer to a multiple-choice question.
enum class AnswerForm { text, letter, letter_and_text };

/// How an item becomes a prompt and an answer. A preset defines everything, options change parts:
///
///   plain    {audio}Question: {question} / Choices: a) one b) two / Answer:   and " one"
///   mellow   {audio}{question} a) one b) two   all lower case, and "a) one" (Deshmukh et al. 2025)
///   letters  {audio}{question} / A. one / B. two / Answer with the option's letter from the given
///            choices directly. / Answer:   and " A" (the prompt of lmms-eval)
///
/// After z, letters continue with aa, ab, ... Choices are in the order of the data, or (`choices =
/// permuted`) in an order drawn for each item from its id.
class Format {
 public:
  static earshot::OptionSchema options();
  /// @throws ConfigError for a template without {question}, or with an unknown {field}.
  explicit Format(const earshot::Options& options);

  earshot::Prompt prompt(const earshot::Item& item, const ListeningResult& heard) const;

  /// Indices of the choices in the order shown.
  std::vector<std::int64_t> order(const earshot::Item& item) const;
  /// The choices as shown: in that order, in lower case if the prompt is.
  std::vector<std::string> shown_choices(const earshot::Item& item) const;
  /// The answer that names choice `number` (as numbered in the data).
  std::string choice_answer(const earshot::Item& item, std::int64_t number) const;
  /// The answer with a text that is not a choice.
  std::string open_answer(const std::string& answer) const;
  /// The answer used in training: the first accepted one.
  std::string taught_answer(const earshot::Item& item) const;

  AnswerForm form() const { return form_; }

  /// A prompt for people to read: "<audio, 32 embeddings>" in place of what cannot be printed.
  static std::string readable(const earshot::Prompt& prompt);

 private:
  std::string letter(std::int64_t place) const;
  std::string cased(std::string text) const;
  std::string choices_text(const earshot::Item& item) const;
  void add_heard(const ListeningResult& heard, earshot::Prompt& prompt) const;

  /// A part of the template: text, or the name of a field.
  struct Part {
    std::string text{};
    bool field = false;
  };

  std::vector<Part> parts_;
  std::string separator_, before_choices_, choice_, between_choices_, after_choices_, answer_start_;
  bool lower_, upper_letters_, permuted_;
  std::int64_t permutation_seed_;
  AnswerForm form_;
};

}  // namespace audio_qa
