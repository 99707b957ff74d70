#include <ATen/Parallel.h>

#include <earshot/tokenized.hpp>

#include "protocol/components.hpp"
#include "worker/plugin/device.hpp"
#include "worker/plugin/library.hpp"
#include "worker/requests/verbs.hpp"

namespace earshot::worker {

namespace {

using protocol::Json;

Json json_of(const std::vector<Token>& tokens) {
  auto list = Json::array();
  for (const auto& token : tokens)
    list.push_back({token.id, token.text});
  return list;
}

}  // namespace

/// What a language model makes of a text: {component, device, threads, prompt, answer or null,
/// max_tokens, temperature, top_p, seed} -> {context, length, tokens, answer_tokens, continuation,
/// log_prob, counted}; tokens as [id, text], null where the model does not tell.
Json complete(const Json& request, Session&) {
  at::set_num_threads(static_cast<int>(request.at("threads").get<std::int64_t>()));
  auto made = make(request.at("component").get<protocol::ComponentRef>(),
                   open_device(request.at("device").get<std::string>()), 0);
  auto& model = made.need<LanguageModel>();
  model.train(false);
  const Prompt prompt{request.at("prompt").get<std::string>()};
  Json result{{"context", model.spec().context}, {"length", model.length(prompt)}};
  if (const auto* tokenized = made.as<Tokenized>())
    result["tokens"] = json_of(tokenized->tokens(prompt));
  if (request.at("answer").is_string()) {
    const auto answer = request.at("answer").get<std::string>();
    const auto likelihood = model.log_prob({&prompt, 1}, {&answer, 1});
    result["log_prob"] = likelihood.log_prob.item<double>();
    result["counted"] = likelihood.tokens.item<std::int64_t>();
    if (const auto* tokenized = made.as<Tokenized>())
      result["answer_tokens"] = json_of(tokenized->answer_tokens(answer));
  }
  const Decoding decoding{.max_tokens = request.at("max_tokens"),
                          .temperature = request.at("temperature"),
                          .top_p = request.at("top_p"),
                          .seed = request.at("seed")};
  if (decoding.max_tokens > 0)
    result["continuation"] = model.generate({&prompt, 1}, decoding).at(0);
  return result;
}

}  // namespace earshot::worker
