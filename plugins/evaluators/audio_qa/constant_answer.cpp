#include "constant_answer.hpp"

#include <algorithm>

namespace audio_qa {

using earshot::Item;
using earshot::Numbers;
using earshot::Prediction;
using earshot::Split;

earshot::OptionSchema ConstantAnswer::options() {
  return {
      {.name = "rule",
       .value = std::string("majority"),
       .help = "chance: expected accuracy of a random draw; majority: the most frequent training "
               "answer; option: always the choice with that number; longest: the longest choice",
       .choices = {"chance", "majority", "option", "longest"}},
      {.name = "option",
       .value = std::int64_t{1},
       .help = "Choice for the rule 'option', counted from 1",
       .min = 1},
      {.name = "within",
       .value = std::string("category"),
       .help = "Slice dimension within which the rule 'majority' counts answers; items without it "
               "are one slice"},
      Marks::scorer_option()};
}

ConstantAnswer::ConstantAnswer(const earshot::Options& options, const earshot::Context&)
    : rule_(options.text("rule")),
      within_(options.text("within")),
      option_(options.integer("option")),
      marks_({.scorer = options.text("scorer")}, Format(earshot::Options(Format::options()))) {}

std::string ConstantAnswer::slice_of(const Item& item) const {
  const auto found = item.slices.find(within_);
  return found == item.slices.end() ? "" : found->second;
}

void ConstantAnswer::fit(earshot::Trial& trial) {
  counts_.clear();
  if (rule_ != "majority") return;
  for (std::int64_t i = 0; i < trial.size(Split::train); ++i)
    if (const auto item = trial.item(Split::train, i); item.question)
      ++counts_[slice_of(item)][item.question->answers.at(0)];
}

std::string ConstantAnswer::majority(const Item& item) const {
  static const Counts none;
  const auto slice = counts_.find(slice_of(item));
  const auto& counts = slice == counts_.end() ? none : slice->second;
  const auto& choices = item.question->choices;
  std::string best = choices.empty() ? "" : choices.front();
  std::int64_t most = 0;
  for (const auto& [answer, count] : counts) {
    const bool offered =
        choices.empty() || std::find(choices.begin(), choices.end(), answer) != choices.end();
    if (!offered || count <= most) continue;
    best = answer;
    most = count;
  }
  return best;
}

std::string ConstantAnswer::answer(const Item& item) const {
  const auto& choices = item.question->choices;
  if (rule_ == "majority") return majority(item);
  if (rule_ == "option")
    return option_ <= std::ssize(choices) ? choices[static_cast<std::size_t>(option_ - 1)] : "";
  if (rule_ == "chance" || choices.empty()) return "";
  // In UTF-8, counts the bytes that begin a character.
  const auto characters = [](const std::string& text) {
    return std::count_if(text.begin(), text.end(), [](char byte) {
      return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
    });
  };
  return *std::max_element(choices.begin(), choices.end(), [&](const auto& a, const auto& b) {
    return characters(a) < characters(b);
  });
}

void ConstantAnswer::predict(earshot::Trial& trial) {
  const auto size = trial.size(Split::test);
  for (std::int64_t i = 0; i < size && !trial.stop(); ++i) {
    const auto item = trial.item(Split::test, i);
    if (!item.question)
      throw earshot::DataError("item '" + item.id +
                               "' has no question; constant_answer needs a dataset of questions");
    trial.predict({.item = i, .output = answer(item)});
    trial.progress(i + 1, size);
  }
}

Numbers ConstantAnswer::mark(const Item& item, const Prediction& prediction) const {
  if (!item.question || (item.question->choices.empty() && rule_ != "majority")) return {};
  auto numbers = marks_.mark(item, prediction);
  if (rule_ != "chance") return numbers;
  const auto chance = numbers.at("chance");
  return {{"accuracy", chance}, {"chance", chance}};
}

Numbers ConstantAnswer::score(std::span<const earshot::Outcome> slice) const {
  return marks_.score(slice);
}

earshot::State ConstantAnswer::state() const {
  earshot::State state;
  for (const auto& [slice, counts] : counts_)
    for (const auto& [answer, count] : counts)
      state.text[slice + "\n" + answer] = std::to_string(count);
  return state;
}

void ConstantAnswer::load_state(const earshot::State& state) {
  counts_.clear();
  for (const auto& [key, count] : state.text) {
    const auto end = key.find('\n');
    if (end == std::string::npos)
      throw earshot::DataError("state has '" + key + "'; expected a slice, a new line, an answer");
    counts_[key.substr(0, end)][key.substr(end + 1)] = std::stoll(count);
  }
}

}  // namespace audio_qa
