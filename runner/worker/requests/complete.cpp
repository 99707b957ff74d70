#include <ATen/Parallel.h>

#include <earshot/tokenized.hpp>

#include "worker/plugin/device.hpp"
#include "worker/plugin/library.hpp"
#include "worker/requests/verbs.hpp"

namespace earshot::worker {

namespace {

std::vector<protocol::TokenRow> rows_of(const std::vector<Token>& tokens) {
  std::vector<protocol::TokenRow> rows;
  for (const auto& token : tokens)
    rows.emplace_back(token.id, token.text);
  return rows;
}

}  // namespace

protocol::CompleteResult perform(const protocol::CompleteRequest& request, Session&) {
  at::set_num_threads(static_cast<int>(request.threads));
  auto made = make(request.component, open_device(request.device), 0);
  auto& model = made.require<LanguageModel>();
  model.train(false);
  const Prompt prompt{request.prompt};
  protocol::CompleteResult result{.context = model.spec().context, .length = model.length(prompt)};
  const auto* tokenized = made.as<Tokenized>();
  if (tokenized != nullptr) result.tokens = rows_of(tokenized->tokens(prompt));
  if (request.answer) {
    const auto likelihood = model.log_prob({&prompt, 1}, {&*request.answer, 1});
    result.log_prob = likelihood.log_prob.item<double>();
    result.counted = likelihood.tokens.item<std::int64_t>();
    if (tokenized != nullptr)
      result.answer_tokens = rows_of(tokenized->answer_tokens(*request.answer));
  }
  const Decoding decoding{.max_tokens = request.max_tokens,
                          .temperature = request.temperature,
                          .top_p = request.top_p,
                          .seed = static_cast<std::uint64_t>(request.seed)};
  if (decoding.max_tokens > 0) result.continuation = model.generate({&prompt, 1}, decoding).at(0);
  return result;
}

}  // namespace earshot::worker
