#include "format.hpp"

#include <algorithm>
#include <numeric>

#include <ATen/core/Tensor.h>

#include <earshot/kit/random.hpp>

namespace audio_qa {

using earshot::ConfigError;
using earshot::Item;
using earshot::Prompt;

namespace {

struct Preset {
  const char *name, *text, *separator, *before, *choice, *between, *after, *start, *answer;
  bool lower, upper_letters;
};

constexpr Preset presets[] = {
    {.name = "plain",
     .text = "{audio}Question: {question}\n{choices}Answer:",
     .separator = "\n",
     .before = "Choices: ",
     .choice = "{letter}) {choice}",
     .between = " ",
     .after = "\n",
     .start = " ",
     .answer = "text",
     .lower = false,
     .upper_letters = false},
    {.name = "mellow",
     .text = "{audio}{question}{choices}",
     .separator = "\n",
     .before = " ",
     .choice = "{letter}) {choice}",
     .between = " ",
     .after = "",
     .start = "",
     .answer = "letter_text",
     .lower = true,
     .upper_letters = false},
    {.name = "letters",
     .text = "{audio}{question}\n{choices}Answer:",
     .separator = "\n",
     .before = "",
     .choice = "{letter}. {choice}",
     .between = "\n",
     .after = "\nAnswer with the option's letter from the given choices directly.\n",
     .start = " ",
     .answer = "letter",
     .lower = false,
     .upper_letters = true},
};

const Preset& preset(const std::string& name) {
  return *std::find_if(std::begin(presets), std::end(presets),
                       [&](const Preset& one) { return name == one.name; });
}

/// ASCII only: other characters are unchanged, on every machine.
std::string lower(std::string text) {
  for (auto& letter : text)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return text;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

void append(Prompt& prompt, const std::string& text) {
  if (text.empty()) return;
  if (!prompt.empty())
    if (auto* last = std::get_if<std::string>(&prompt.back())) {
      *last += text;
      return;
    }
  prompt.emplace_back(text);
}

const earshot::Question& question_of(const Item& item) {
  if (!item.question)
    throw earshot::DataError("item '" + item.id +
                             "' has no question; audio_qa needs a dataset of questions");
  return *item.question;
}

AnswerForm form_of(const std::string& name) {
  if (name == "letter") return AnswerForm::letter;
  return name == "letter_text" ? AnswerForm::letter_and_text : AnswerForm::text;
}

}  // namespace

earshot::OptionSchema Format::options() {
  return {
      {.name = "prompt",
       .value = std::string("plain"),
       .help = "Format of items: plain; mellow (lower case, choices a) b)); letters (choices A. "
               "B., answered by a letter)",
       .choices = {"plain", "mellow", "letters"}},
      {.name = "template",
       .value = std::string(),
       .help = "Text to replace the preset's, with {audio}, {question} and {choices} in any order"},
      {.name = "separator",
       .value = std::string("\n"),
       .help = "Text between the clips of an item with two clips"},
      {.name = "answer",
       .value = std::string("preset"),
       .help = "What is learnt for a choice: its text, its letter, or both",
       .choices = {"preset", "text", "letter", "letter_text"}},
      {.name = "choices",
       .value = std::string("as_given"),
       .help = "Order of the choices; permuted: drawn for each item from its id",
       .choices = {"as_given", "permuted"}},
      {.name = "permutation",
       .value = std::int64_t{0},
       .help = "Which permutation of choices is drawn",
       .min = 0},
  };
}

Format::Format(const earshot::Options& options)
    : separator_(options.text("separator")),
      permuted_(options.text("choices") == "permuted"),
      permutation_seed_(options.integer("permutation")) {
  const auto& given = preset(options.text("prompt"));
  before_choices_ = given.before;
  choice_ = given.choice;
  between_choices_ = given.between;
  after_choices_ = given.after;
  answer_start_ = given.start;
  lower_ = given.lower;
  upper_letters_ = given.upper_letters;
  const auto& answer = options.text("answer");
  form_ = form_of(answer == "preset" ? given.answer : answer);
  auto text = options.text("template");
  if (text.empty()) text = given.text;
  for (std::size_t at = 0; at < text.size();) {
    const auto open = std::min(text.find('{', at), text.size());
    if (open > at) parts_.push_back({.text = text.substr(at, open - at)});
    if (open == text.size()) break;
    const auto close = text.find('}', open);
    const auto name = close == std::string::npos ? "" : text.substr(open + 1, close - open - 1);
    if (name != "audio" && name != "question" && name != "choices")
      throw ConfigError("template '" + text + "' has '" + text.substr(open, close - open + 1) +
                        "'; allowed in braces: {audio}, {question}, {choices}");
    parts_.push_back({.text = name, .field = true});
    at = close + 1;
  }
  if (std::none_of(parts_.begin(), parts_.end(),
                   [](const Part& part) { return part.field && part.text == "question"; }))
    throw ConfigError("template '" + text + "' has no {question}; expected it once");
}

std::string Format::letter(std::int64_t place) const {
  const char first = upper_letters_ ? 'A' : 'a';
  std::string text(1, static_cast<char>(first + place % 26));
  return place < 26 ? text : letter(place / 26 - 1) + text;
}

std::string Format::cased(std::string text) const {
  return lower_ ? lower(std::move(text)) : text;
}

std::vector<std::int64_t> Format::order(const Item& item) const {
  std::vector<std::int64_t> order(question_of(item).choices.size());
  std::iota(order.begin(), order.end(), 0);
  if (!permuted_) return order;
  earshot::kit::Random random(
      earshot::kit::derive(static_cast<std::uint64_t>(permutation_seed_), item.id.c_str()));
  for (auto i = std::ssize(order); i > 1; --i)
    std::swap(order[static_cast<std::size_t>(i - 1)],
              order[static_cast<std::size_t>(random.below(i))]);
  return order;
}

std::vector<std::string> Format::shown_choices(const Item& item) const {
  std::vector<std::string> shown;
  for (const auto number : order(item))
    shown.push_back(cased(question_of(item).choices[static_cast<std::size_t>(number)]));
  return shown;
}

std::string Format::choices_text(const Item& item) const {
  const auto shown = shown_choices(item);
  if (shown.empty()) return "";
  std::string text = before_choices_;
  for (std::size_t place = 0; place < shown.size(); ++place) {
    if (place > 0) text += between_choices_;
    text += replaced(replaced(choice_, "{letter}", letter(static_cast<std::int64_t>(place))),
                     "{choice}", shown[place]);
  }
  return text + after_choices_;
}

std::string Format::choice_answer(const Item& item, std::int64_t number) const {
  const auto order = this->order(item);
  const auto place = std::find(order.begin(), order.end(), number) - order.begin();
  const auto text = cased(question_of(item).choices[static_cast<std::size_t>(number)]);
  switch (form_) {
    case AnswerForm::letter:
      return answer_start_ + letter(place);
    case AnswerForm::letter_and_text:
      return answer_start_ +
             replaced(replaced(choice_, "{letter}", letter(place)), "{choice}", text);
    case AnswerForm::text:
      break;
  }
  return answer_start_ + text;
}

std::string Format::open_answer(const std::string& answer) const {
  return answer_start_ + cased(answer);
}

std::string Format::taught_answer(const Item& item) const {
  const auto& question = question_of(item);
  const auto& answer = question.answers.at(0);
  if (question.choices.empty()) return open_answer(answer);
  const auto found = std::find(question.choices.begin(), question.choices.end(), answer);
  if (found == question.choices.end())
    throw earshot::DataError("item '" + item.id + "': its answer '" + answer +
                             "' is not among its choices; expected one of them");
  return choice_answer(item, found - question.choices.begin());
}

void Format::add_heard(const ListeningResult& heard, Prompt& prompt) const {
  prompt.insert(prompt.end(), heard.start.begin(), heard.start.end());
  for (std::size_t clip = 0; clip < heard.clips.size(); ++clip) {
    if (clip > 0) append(prompt, separator_);
    if (const auto* text = std::get_if<std::string>(&heard.clips[clip]))
      append(prompt, cased(*text));
    else
      prompt.push_back(heard.clips[clip]);
  }
}

Prompt Format::prompt(const Item& item, const ListeningResult& heard) const {
  const auto& question = question_of(item);
  Prompt prompt;
  for (const auto& part : parts_) {
    if (!part.field)
      append(prompt, part.text);
    else if (part.text == "question")
      append(prompt, cased(question.text));
    else if (part.text == "choices")
      append(prompt, choices_text(item));
    else
      add_heard(heard, prompt);
  }
  return prompt;
}

std::string Format::readable(const Prompt& prompt) {
  std::string all;
  for (const auto& part : prompt)
    if (const auto* text = std::get_if<std::string>(&part))
      all += *text;
    else if (const auto* embeddings = std::get_if<earshot::Embeddings>(&part))
      all += "<audio, " + std::to_string(embeddings->values.size(0)) + " embeddings>";
  return all;
}

}  // namespace audio_qa
