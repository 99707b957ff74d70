#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "worker/conformance/check.hpp"
#include "worker/conformance/exercise.hpp"

namespace earshot::worker {

namespace {

std::vector<Prompt> prompts(const at::Tensor& embeddings) {
  return {{std::string("Question: what barks? Answer: ")},
          {Embeddings{embeddings}, std::string("What do you hear? Answer: ")}};
}

at::Tensor some_embeddings(const LanguageModel& model) {
  at::manual_seed(2);
  return at::randn({4, model.spec().embedding_dim}) * 0.02;
}

void answers(const Subject& subject) {
  const auto made = subject.make();
  auto& model = made.require<LanguageModel>();
  const auto asked = prompts(some_embeddings(model));
  const Decoding greedy{.max_tokens = 8};
  const auto first = model.generate(asked, greedy);
  expect(first.size() == asked.size(),
         std::to_string(first.size()) + " answers to " + std::to_string(asked.size()) + " prompts");
  expect(first == model.generate(asked, greedy), "greedy answers differ in the second call");
  for (const auto& prompt : asked)
    expect(model.length(prompt) > 0 && model.length(prompt) < model.spec().context,
           "length() of a short prompt is " + std::to_string(model.length(prompt)) +
               "; expected less than the context of " + std::to_string(model.spec().context));
}

void log_prob(const Subject& subject) {
  const auto made = subject.make();
  auto& model = made.require<LanguageModel>();
  const auto asked = prompts(some_embeddings(model));
  const std::vector<std::string> said{"dog", "heavy rain on a roof"};
  const auto both = model.log_prob(asked, said);
  expect(both.log_prob.scalar_type() == at::kFloat && both.log_prob.dim() == 1 &&
             both.log_prob.size(0) == 2,
         "log_prob is " + describe(both.log_prob) + "; expected float32 (B)");
  expect(
      at::isfinite(both.log_prob).all().item<bool>() && both.log_prob.max().item<double>() <= 1e-4,
      "log_prob is not finite, or above 0");
  expect(both.tokens.scalar_type() == at::kLong && both.tokens.device().is_cpu() &&
             both.tokens.min().item<std::int64_t>() >= 1,
         "tokens are " + describe(both.tokens) + "; expected int64 (B) on the CPU, 1 or more");
  for (std::size_t b = 0; b < 2; ++b) {
    const auto alone = model.log_prob({&asked[b], 1}, {&said[b], 1}).log_prob[0].item<double>();
    const auto together = both.log_prob[static_cast<std::int64_t>(b)].item<double>();
    expect(std::abs(alone - together) <= 1e-3 * (1 + std::abs(alone)),
           "log_prob depends on other prompts in the batch");
  }
}

void prompt_gradient(const Subject& subject) {
  const c10::AutoGradMode grad(true);
  const auto made = subject.make();
  auto& model = made.require<LanguageModel>();
  const auto embeddings = some_embeddings(model).set_requires_grad(true);
  const auto asked = prompts(embeddings);
  const std::vector<std::string> said{"dog", "rain"};
  model.log_prob(asked, said).log_prob.sum().backward();
  expect(embeddings.grad().defined() && embeddings.grad().abs().max().item<double>() > 0,
         "no gradient of log_prob reaches the embeddings of a prompt");
}

void empty_answer(const Subject& subject) {
  const auto made = subject.make();
  auto& model = made.require<LanguageModel>();
  const std::vector<Prompt> asked{{std::string("What?")}};
  const std::vector<std::string> said{""};
  try {
    model.log_prob(asked, said);
  } catch (const DataError&) {
    return;
  }
  fail("an empty answer is scored; expected a DataError");
}

}  // namespace

std::vector<Check> language_model_checks() {
  constexpr auto face = LanguageModel::contract;
  return {
      {"answers", face, "greedy answers are stored and compared", answers},
      {"log_prob", face, "choices are scored, and models trained, by log-probability", log_prob},
      {"prompt_gradient", face, "a mapper learns through the language model", prompt_gradient},
      {"empty_answer", face, "datasets contain empty answers", empty_answer},
  };
}

}  // namespace earshot::worker
