// Measures a language model: bench_language_model PLUGIN COMPONENT [key=value ...]
//
// Keys: work (train: a step of AdamW on a mapper in front of the frozen model; generate: greedy
// answers), threads (1), options (of the component, as JSON), batch (16), audio, question and
// answer (positions of each: 125, 24, 12), spread (0; 1: questions and answers of unequal length,
// as in ReasonAQA). The tokenizer is assumed to make one token per byte, as it does with random
// weights.
//
// After a warm-up it prints a line "ready", then, for each line that it reads, the seconds that a
// batch took.

#include <algorithm>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <lib/learn/optimiser.hpp>

#include <earshot/kit/random.hpp>
#include <earshot/language_model.hpp>

#include "component_options.hpp"
#include "turns.hpp"
#include "worker/plugin/library.hpp"

namespace {

using namespace earshot;

constexpr std::int64_t feature_width = 512;

/// Linear, GELU, Linear.
struct Perceptron {
  explicit Perceptron(std::int64_t width)
      : parameters{{"a", at::randn({width, feature_width}).mul_(0.02).set_requires_grad(true)},
                   {"b", at::zeros({width}).set_requires_grad(true)},
                   {"c", at::randn({width, width}).mul_(0.02).set_requires_grad(true)},
                   {"d", at::zeros({width}).set_requires_grad(true)}} {}
  at::Tensor map(const at::Tensor& x) const {
    const auto& p = parameters;
    return at::linear(at::gelu(at::linear(x, p[0].second, p[1].second)), p[2].second, p[3].second);
  }
  NamedTensors parameters;
};

std::string letters(kit::Random& random, std::int64_t count) {
  std::string text;
  for (std::int64_t i = 0; i < count; ++i)
    text += static_cast<char>('a' + random.below(26));
  return text;
}

struct Batch {
  std::vector<at::Tensor> features{};
  std::vector<std::string> questions{}, answers{};
};

/// Lengths of the questions or answers of the examples: the median given by the key, or a spread
/// around it (log-logistic quantiles, in an order that depends on `step`), as in the reference.
std::vector<std::int64_t> lengths(const bench::Keys& keys, const std::string& key,
                                  std::int64_t step) {
  const auto batch = std::stoll(keys.at("batch"));
  const auto median = std::stod(keys.at(key));
  constexpr double spread = 0.35;
  std::vector<std::int64_t> made;
  for (std::int64_t i = 0; i < batch; ++i) {
    const auto p = (static_cast<double>((step * i + 3) % batch) + 0.5) / static_cast<double>(batch);
    const auto factor = keys.at("spread") == "1" ? std::pow(p / (1 - p), spread) : 1;
    made.push_back(std::max<std::int64_t>(1, std::llround(median * factor)));
  }
  return made;
}

Batch make_batch(const bench::Keys& keys) {
  kit::Random random(0);
  Batch made;
  for (const auto length : lengths(keys, "question", 1))
    made.questions.push_back(letters(random, length));
  for (const auto length : lengths(keys, "answer", 7))
    made.answers.push_back(letters(random, length));
  for (std::size_t i = 0; i < made.questions.size(); ++i)
    made.features.push_back(at::randn({std::stoll(keys.at("audio")), feature_width}));
  return made;
}

void train(LanguageModel& model, const Perceptron& mapper, kit::AdamW& optimiser,
           const Batch& batch) {
  constexpr double learning_rate = 1e-4;
  const auto mapped = mapper.map(at::cat(batch.features));
  const auto parts = mapped.split(batch.features.front().size(0));
  std::vector<Prompt> prompts;
  for (std::size_t i = 0; i < batch.features.size(); ++i)
    prompts.push_back({Embeddings{parts[i]}, batch.questions[i]});
  const auto likelihood = model.log_prob(prompts, batch.answers);
  const auto loss = -likelihood.log_prob.sum() /
                    static_cast<double>(likelihood.tokens.sum().item<std::int64_t>());
  loss.backward();
  optimiser.step(learning_rate);
  optimiser.zero_gradients();
}

void answer(LanguageModel& model, const Perceptron& mapper, const Batch& batch,
            std::int64_t tokens) {
  const at::NoGradGuard no_gradient;
  std::vector<Prompt> prompts;
  for (std::size_t i = 0; i < batch.features.size(); ++i)
    prompts.push_back({Embeddings{mapper.map(batch.features[i])}, batch.questions[i]});
  model.generate(prompts, {.max_tokens = tokens});
}

}  // namespace

int main(int argc, char** argv) {
  const auto keys = bench::read_keys(argc, argv, 3,
                                     {{"work", "train"},
                                      {"threads", "1"},
                                      {"options", "{}"},
                                      {"batch", "16"},
                                      {"audio", "125"},
                                      {"question", "24"},
                                      {"answer", "12"},
                                      {"spread", "0"}});

  at::set_num_threads(std::stoi(keys.at("threads")));
  at::manual_seed(0);
  const auto& component = worker::open_library(argv[1]).components.at(argv[2]);
  const auto object = bench::make(component, keys.at("options"));
  auto& model = *component.as<LanguageModel>(object);
  const Perceptron mapper(model.spec().embedding_dim);
  kit::AdamW optimiser(mapper.parameters);
  const auto batch = make_batch(keys);
  const auto step = [&] {
    if (keys.at("work") == "train")
      train(model, mapper, optimiser, batch);
    else
      answer(model, mapper, batch, std::stoll(keys.at("answer")));
  };
  bench::take_turns(step);
}
