#include "marks.hpp"

#include <algorithm>
#include <numbers>

#include <lib/text/answers.hpp>

#include "answering.hpp"

namespace audio_qa {

using earshot::Item;
using earshot::MetricSpec;
using earshot::Numbers;
using earshot::Prediction;
using earshot::kit::AnswerKey;
using Texts = std::vector<std::string>;

namespace {

constexpr const char* by_score[] = {"log_prob", "log_prob_mean", "gold_rank"};

bool accepts(const Item& item, const std::string& answer) {
  const auto& answers = item.question->answers;
  return std::find(answers.begin(), answers.end(), answer) != answers.end();
}

bool is_caption(const Item& item) {
  const auto format = item.slices.find("format");
  return item.question && format != item.slices.end() && format->second == "caption";
}

/// What replies are compared with.
struct Golds {
  Texts plain{};     ///< as in the data
  Texts taught{};    ///< as in training
  Texts lettered{};  ///< "b) rain"; for open questions as in the data

  Golds(const Format& format, const Item& item) : plain(item.question->answers) {
    const auto& choices = item.question->choices;
    const auto order = format.order(item);
    for (const auto& answer : plain) {
      const auto found = std::find(choices.begin(), choices.end(), answer);
      if (found == choices.end()) {
        taught.push_back(format.open_answer(answer));
        lettered.push_back(answer);
        continue;
      }
      const auto number = found - choices.begin();
      const auto place = std::find(order.begin(), order.end(), number) - order.begin();
      taught.push_back(format.choice_answer(item, number));
      // Mellow's rules know only the letters a to d, and read what precedes the bracket.
      lettered.push_back(std::string(1, static_cast<char>('a' + place % 26)) + ") " + answer);
    }
  }

  const Texts& of(const std::string& rule, AnswerForm form) const {
    if (rule == "exact" || rule == "normalized_exact") return taught;
    if (rule == "mellow_mcq" || rule == "mellow_entailment") return lettered;
    if (rule == "mellow_mmau") return form == AnswerForm::text ? plain : lettered;
    return plain;
  }
};

}  // namespace

std::optional<std::int64_t> named_choice(const Format& format, const Item& item,
                                         const std::string& reply) {
  const auto shown = format.shown_choices(item);
  if (shown.empty()) return std::nullopt;
  // Any gold answer will do: which choice a reply names does not depend on which is right.
  const Texts any{shown.front()};
  const auto verdict =
      earshot::kit::answer_scorer(format.form() == AnswerForm::text ? "choice_text" : "letter")
          .judge({shown, any}, reply);
  if (!verdict.parsed || !verdict.choice) return std::nullopt;
  return format.order(item)[*verdict.choice];
}

earshot::OptionSpec Marks::scorer_option() {
  Texts names{"auto"};
  for (const auto& scorer : earshot::kit::answer_scorers())
    names.push_back(scorer.name);
  names.insert(names.end(), std::begin(by_score), std::end(by_score));
  return {.name = "scorer",
          .value = std::string("auto"),
          .help =
              "The rule reported as `accuracy`; items to which it does not apply have none. auto: "
              "as in `choose` for choices, yes_no for yes/no answers, normalized_exact for others",
          .choices = names,
          .role = earshot::Role::scoring};
}

namespace {

/// Since version 2, choices are distinguished whatever characters they contain, typeset text is
/// read as plain text, and letters are found in more of the ways in which people write them.
std::int64_t version_of(const std::string& scorer) {
  constexpr const char* second[] = {"normalized_exact", "yes_no", "letter", "choice_text"};
  return std::find(std::begin(second), std::end(second), scorer) == std::end(second) ? 1 : 2;
}

}  // namespace

std::vector<MetricSpec> Marks::metrics() {
  std::vector<MetricSpec> all{
      {.name = "accuracy",
       .help = "Right by the rule in the option `scorer`",
       .primary = true,
       .version = 2},
      {.name = "chance",
       .help = "Share of an item's choices that are right: the accuracy of a random draw"},
      {.name = "answered",
       .help = "A choice, or yes or no, was found in the reply by its rule",
       .version = 2}};
  for (const auto& scorer : earshot::kit::answer_scorers())
    all.push_back({.name = scorer.name,
                   .help = "Right by rule " + scorer.name + ": " + scorer.help,
                   .version = version_of(scorer.name)});
  const MetricSpec rest[] = {
      {.name = "log_prob", .help = "The likeliest of the choices is right"},
      {.name = "log_prob_mean", .help = "The likeliest choice per token is right"},
      {.name = "gold_rank",
       .help = "The gold of an open question is the likeliest per token among golds of other "
               "clips, each relative to its log-probability by the same model without the audio"},
      {.name = "gold_rank_chance", .help = "The accuracy of a random draw among these candidates"},
      {.name = "bits_saved",
       .help = "Number of bits that the audio saves for the gold of an open question",
       .unit = "bit"},
      {.name = "bleu_1",
       .help = "BLEU of single words in captions; definitions: lib/text/captions.hpp"},
      {.name = "bleu_2", .help = "BLEU of up to two words in captions"},
      {.name = "bleu_3", .help = "BLEU of up to three words in captions"},
      {.name = "bleu_4", .help = "BLEU of up to four words in captions"},
      {.name = "rouge_l", .help = "ROUGE-L of captions: longest common subsequence"},
      {.name = "cider_d", .help = "CIDEr-D of captions, 0 to 10"},
  };
  all.insert(all.end(), std::begin(rest), std::end(rest));
  return all;
}

Marks::Marks(Settings settings, const Format& format)
    : settings_(std::move(settings)), format_(format) {}

void Marks::judge_reply(const Item& item, const Prediction& prediction, Numbers& numbers) const {
  auto reply = prediction.output;
  // Answers of other systems may consist of a choice only.
  if (reply.empty() && prediction.scores.empty() && prediction.value)
    if (const auto* choice = std::get_if<std::string>(&*prediction.value)) reply = *choice;
  const auto shown = format_.shown_choices(item);
  const Golds golds(format_, item);
  const std::string finds = shown.empty()                        ? "yes_no"
                            : format_.form() == AnswerForm::text ? "choice_text"
                                                                 : "letter";
  for (const auto& scorer : earshot::kit::answer_scorers()) {
    const AnswerKey key{shown, golds.of(scorer.name, format_.form())};
    if (!scorer.applies(key)) continue;
    const auto verdict = scorer.judge(key, reply);
    numbers[scorer.name] = verdict.correct ? 1 : 0;
    if (scorer.name == finds) numbers["answered"] = verdict.parsed ? 1 : 0;
  }
}

void Marks::judge_scores(const Item& item, const Prediction& prediction, bool blind,
                         Numbers& numbers) {
  const auto& texts =
      prediction.candidates.empty() ? item.question->choices : prediction.candidates;
  if (prediction.scores.empty() || prediction.scores.size() != texts.size()) return;
  const auto right = [&](bool by_token) -> std::optional<double> {
    const auto best = likeliest(prediction.scores, prediction.measures, by_token);
    if (!best) return std::nullopt;
    return accepts(item, texts[*best]) ? 1 : 0;
  };
  const auto put = [&](const char* name, std::optional<double> value) {
    if (value) numbers[name] = *value;
  };
  if (prediction.candidates.empty()) {
    put("log_prob", right(false));
    put("log_prob_mean", right(true));
    return;
  }
  put("gold_rank", right(true));
  const auto fitting = std::count_if(texts.begin(), texts.end(),
                                     [&](const auto& text) { return accepts(item, text); });
  numbers["gold_rank_chance"] = static_cast<double>(fitting) / static_cast<double>(texts.size());
  const auto gold = std::find(texts.begin(), texts.end(), item.question->answers.at(0));
  if (gold != texts.end() && !blind)
    numbers["bits_saved"] =
        prediction.scores[static_cast<std::size_t>(gold - texts.begin())] / std::numbers::ln2;
}

std::string Marks::primary(const Item& item, const Numbers& numbers) const {
  if (settings_.scorer != "auto") return settings_.scorer;
  if (item.question->choices.empty())
    return numbers.contains("yes_no") ? "yes_no" : "normalized_exact";
  if (settings_.choice_rule != "text") return settings_.choice_rule;
  return format_.form() == AnswerForm::text ? "choice_text" : "letter";
}

Numbers Marks::mark(const Item& item, const Prediction& prediction) const {
  Numbers numbers;
  if (!item.question) return numbers;
  if (settings_.said) judge_reply(item, prediction, numbers);
  judge_scores(item, prediction, settings_.blind, numbers);
  const auto& choices = item.question->choices;
  if (!choices.empty()) {
    const auto right = std::count_if(choices.begin(), choices.end(),
                                     [&](const auto& choice) { return accepts(item, choice); });
    numbers["chance"] = static_cast<double>(right) / static_cast<double>(choices.size());
  }
  if (const auto found = numbers.find(primary(item, numbers)); found != numbers.end())
    numbers["accuracy"] = found->second;
  return numbers;
}

Numbers Marks::score(std::span<const earshot::Outcome> slice) const {
  std::vector<std::size_t> captions;
  for (const auto& [item, prediction] : slice)
    if (is_caption(item)) captions.push_back(captions_.number(item, prediction.output));
  if (captions.empty() || !settings_.said) return {};
  const auto scores = captions_.corpus.score(captions).by_name();
  Numbers numbers;
  for (const auto& [name, value] : scores) {
    numbers[name] = value;
    numbers[name + ".n"] = static_cast<double>(captions.size());
  }
  return numbers;
}

std::size_t Marks::Captions::number(const Item& item, const std::string& reply) {
  const auto known = numbers.find(item.id);
  if (known != numbers.end() && known->second.first == reply) return known->second.second;
  const auto number = corpus.add(reply, item.question->answers);
  numbers[item.id] = {reply, number};
  return number;
}

}  // namespace audio_qa
