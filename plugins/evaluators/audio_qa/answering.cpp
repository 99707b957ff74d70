#include "answering.hpp"

#include <algorithm>
#include <fstream>
#include <numeric>

#include <ATen/ATen.h>

#include "candidates.hpp"
#include "marks.hpp"

namespace audio_qa {

using earshot::Item;
using earshot::Prediction;
using earshot::Prompt;
using earshot::Split;
using earshot::State;
using earshot::Trial;

namespace {

constexpr std::int64_t window = 8;  // batches whose items are sorted by length together
constexpr std::int64_t windows_between_saves = 8;
constexpr std::size_t transcript_items = 20;

std::string tokens_of(std::size_t place) {
  return "tokens_" + std::to_string(place);
}

void sort_by_length(const Model& model, std::vector<std::int64_t>& items) {
  std::map<std::int64_t, std::int64_t> lengths;
  for (const auto item : items)
    lengths[item] = model.prompt_length(Split::test, item);
  std::stable_sort(items.begin(), items.end(),
                   [&](auto a, auto b) { return lengths[a] < lengths[b]; });
}

/// Writes the transcript if the run keeps artifacts.
void keep(Trial& trial, const std::string& transcript) {
  std::filesystem::path path;
  try {
    path = trial.artifact("prompts.txt");
  } catch (const earshot::Unsupported&) {
    return;
  }
  std::ofstream file(path);
  if (!(file << transcript).flush())
    throw earshot::DataError("cannot write '" + path.string() + "'; is the disk full?");
}

}  // namespace

earshot::OptionSchema Answering::options() {
  return {
      {.name = "max_tokens",
       .value = std::int64_t{64},
       .help = "Maximum length of answers; 0: no answer is generated, choices and candidates are "
               "only scored",
       .unit = "tokens",
       .min = 0},
      {.name = "choose",
       .value = std::string("text"),
       .help = "How a choice is selected: from the generated text; by the log-probability of each "
               "choice as the answer; or by the same per token. The last two score all choices",
       .choices = {"text", "log_prob", "log_prob_mean"}},
      {.name = "distractors",
       .value = std::int64_t{3},
       .help = "For open questions, rank the gold among this many golds of other clips; 0: off",
       .min = 0,
       .max = 63},
      {.name = "rank_within",
       .value = std::string("category"),
       .help = "Slice dimension within which distractors are taken"},
      {.name = "predict_batch",
       .value = std::int64_t{16},
       .help = "Prompts answered in one batch",
       .min = 1,
       .affects_results = false},
  };
}

Answering::Answering(const earshot::Options& options)
    : choose_(options.text("choose")),
      rank_within_(options.text("rank_within")),
      max_tokens_(options.integer("max_tokens")),
      distractors_(options.integer("distractors")),
      batch_(options.integer("predict_batch")) {
  if (max_tokens_ == 0 && !by_log_prob())
    throw earshot::ConfigError(
        "max_tokens is 0 and choose is 'text', so no question could be answered; allowed: more "
        "tokens, or choose 'log_prob' or 'log_prob_mean'");
}

/// Items that are answered together.
struct Answering::Batch {
  std::vector<Item> items{};
  std::vector<Prompt> prompts{};
  std::vector<Prediction> predictions{};
};

void Answering::say(Model& model, Batch& batch) const {
  if (max_tokens_ == 0) return;
  const auto said = model.language_model().generate(batch.prompts, {.max_tokens = max_tokens_});
  for (std::size_t i = 0; i < said.size(); ++i)
    batch.predictions[i].output = said[i];
}

void Answering::weigh(Model& model, Batch& batch, const Candidates& candidates) const {
  struct Pair {
    std::size_t item, place;
    bool heard;
  };
  std::vector<Pair> pairs;
  std::vector<Prompt> prompts;
  std::vector<std::string> answers;
  const auto& format = model.format();
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    const auto& item = batch.items[i];
    auto& prediction = batch.predictions[i];
    const auto add = [&](std::size_t place, const std::string& answer, bool heard) {
      pairs.push_back({i, place, heard});
      prompts.push_back(heard ? batch.prompts[i] : model.unheard_prompt(item));
      answers.push_back(answer);
    };
    if (by_log_prob())
      for (std::size_t k = 0; k < item.question->choices.size(); ++k)
        add(k, format.choice_answer(item, static_cast<std::int64_t>(k)), true);
    prediction.scores.resize(by_log_prob() ? item.question->choices.size() : 0);
    if (const auto found = candidates.find(prediction.item); found != candidates.end()) {
      prediction.candidates = found->second;
      prediction.scores.resize(found->second.size());
      for (std::size_t k = 0; k < found->second.size(); ++k)
        add(k, format.open_answer(found->second[k]), true);
      for (std::size_t k = 0; model.hears() && k < found->second.size(); ++k)
        add(k, format.open_answer(found->second[k]), false);
    }
  }
  for (std::size_t first = 0; first < pairs.size(); first += static_cast<std::size_t>(batch_)) {
    const auto count = std::min(static_cast<std::size_t>(batch_), pairs.size() - first);
    const auto likelihood = model.language_model().log_prob(
        std::span(prompts).subspan(first, count), std::span(answers).subspan(first, count));
    const auto sums = likelihood.log_prob.to(at::kCPU, at::kDouble).contiguous();
    for (std::size_t n = 0; n < count; ++n) {
      const auto& [item, place, heard] = pairs[first + n];
      auto& prediction = batch.predictions[item];
      const auto sum = sums.const_data_ptr<double>()[n];
      prediction.scores[place] += heard ? sum : -sum;
      prediction.measures[tokens_of(place)] =
          static_cast<double>(likelihood.tokens[static_cast<std::int64_t>(n)].item<std::int64_t>());
    }
  }
}

std::optional<earshot::Label> Answering::settle(const Format& format, const Item& item,
                                                const Prediction& prediction) const {
  const auto& choices = item.question->choices;
  if (choices.empty()) return std::nullopt;
  if (by_log_prob())
    return choices[*likeliest(prediction.scores, prediction.measures, choose_ == "log_prob_mean")];
  if (const auto choice = named_choice(format, item, prediction.output))
    return choices[static_cast<std::size_t>(*choice)];
  return std::nullopt;
}

void Answering::answer(Trial& trial, Model& model, std::span<const std::int64_t> items,
                       const Candidates& candidates, std::string* transcript) const {
  Batch batch;
  batch.prompts = model.prompts(Split::test, items);
  for (const auto item : items) {
    batch.items.push_back(trial.item(Split::test, item));
    batch.predictions.push_back({.item = item});
  }
  try {
    say(model, batch);
    weigh(model, batch, candidates);
  } catch (const earshot::DataError& error) {
    throw model.of_batch(error, batch.prompts, Split::test, items);
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto& prediction = batch.predictions[i];
    prediction.value = settle(model.format(), batch.items[i], prediction);
    if (transcript != nullptr)
      *transcript += "--- " + batch.items[i].id + "\n" + Format::readable(batch.prompts[i]) +
                     "\n--- said:" + prediction.output + "\n\n";
    trial.predict(std::move(prediction));
  }
}

void Answering::run(Trial& trial, Model& model, const std::optional<State>& own) const {
  const auto size = trial.size(Split::test);
  const auto candidates =
      distractors_ > 0 ? audio_qa::candidates(trial, rank_within_, distractors_) : Candidates{};
  model.train(false);
  const auto of_window = window * batch_;
  const auto batch = static_cast<std::size_t>(batch_);
  std::int64_t begun = own ? std::stoll(own->text.at("items")) : 0;
  for (; begun < size; begun += of_window) {
    if (trial.stop() || (begun > 0 && begun % (of_window * windows_between_saves) == 0))
      trial.save({.text = {{"items", std::to_string(begun)}}});
    if (trial.stop()) return;
    std::vector<std::int64_t> items(static_cast<std::size_t>(std::min(of_window, size - begun)));
    std::iota(items.begin(), items.end(), begun);
    std::string transcript;
    if (begun > 0) sort_by_length(model, items);  // the first items are kept for people to read
    for (std::size_t first = 0; first < items.size(); first += batch) {
      const auto some = std::span(items).subspan(first, std::min(batch, items.size() - first));
      const bool keeps = begun == 0 && first < transcript_items;
      answer(trial, model, some, candidates, keeps ? &transcript : nullptr);
      trial.progress(begun + static_cast<std::int64_t>(first + some.size()), size);
    }
    if (begun == 0) keep(trial, transcript);
  }
}

std::optional<std::size_t> likeliest(const std::vector<double>& scores,
                                     const earshot::Numbers& measures, bool by_token) {
  std::optional<std::size_t> best;
  double highest = 0;
  for (std::size_t k = 0; k < scores.size(); ++k) {
    const auto tokens = measures.find(tokens_of(k));
    if (by_token && tokens == measures.end()) return std::nullopt;
    const auto score = by_token ? scores[k] / tokens->second : scores[k];
    if (best && !(score > highest)) continue;
    best = k;
    highest = score;
  }
  return best;
}

}  // namespace audio_qa
