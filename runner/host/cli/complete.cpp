#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <optional>
#include <thread>

#include "host/base/arguments.hpp"
#include "host/base/ask.hpp"
#include "host/cli/command.hpp"
#include "host/cli/component.hpp"
#include "host/cli/shared_options.hpp"

namespace earshot::host {
namespace {

namespace po = program_options;

Syntax syntax_of_complete() {
  Syntax syntax{
      "complete", "MODEL TEXT",
      "Shows how a language model reads a text: its tokens, including the chat template (option\n"
      "`chat`), the continuation, and with --answer the loss of an answer. MODEL is a component, "
      "or\n"
      "FILE.toml:LABEL for one as an experiment configures it. If TEXT is '-', it is read from\n"
      "standard input."};
  auto add = syntax.options.add_options();
  add("answer", po::value<std::string>()->value_name("TEXT"),
      "computes the loss of this answer after TEXT, including the end marker");
  add("max-tokens", po::value<std::int64_t>()->value_name("N")->default_value(32),
      "length of the continuation; 0: none");
  add("temperature", po::value<double>()->value_name("T")->default_value(0),
      "sampling temperature; 0: greedy");
  add("top-p", po::value<double>()->value_name("P")->default_value(1),
      "samples from the likeliest tokens with this total probability");
  add("seed", po::value<std::int64_t>()->value_name("N")->default_value(0), "seed of the sampling");
  add("json", "one JSON object: tokens as [id, text], continuation, loss ...");
  add("device", po::value<std::string>()->value_name("NAME")->default_value("cpu"),
      "cpu, cuda or cuda:N");
  add_value_option(syntax.options);
  add_plugin_options(syntax.options);
  add_results_option(syntax.options);
  syntax.positionals = {{"model", 1}, {"text", 1}};
  syntax.examples =
      "  runner complete llama --option weights=models/SmolLM2-135M \"The capital of France is\"\n"
      "  runner complete experiments/reasoning.toml:smollm2 \"what is heard?\" --answer \" "
      "rain\"\n";
  return syntax;
}

protocol::CompleteRequest complete_request(const Arguments& given) {
  if (!given.has("text")) refuse_usage("complete", "MODEL or TEXT is missing");
  auto text = given.text("text");
  if (text == "-") text = {std::istreambuf_iterator<char>(std::cin), {}};
  protocol::CompleteRequest request{.device = given.text("device"),
                                    .threads = std::max(1u, std::thread::hardware_concurrency()),
                                    .prompt = text,
                                    .max_tokens = given.get<std::int64_t>("max-tokens"),
                                    .temperature = given.get<double>("temperature"),
                                    .top_p = given.get<double>("top-p"),
                                    .seed = given.get<std::int64_t>("seed")};
  if (given.has("answer")) request.answer = given.text("answer");
  if (request.max_tokens < 0) refuse_usage("complete", "--max-tokens must be 0 or more");
  if (!(request.temperature >= 0)) refuse_usage("complete", "--temperature must be 0 or more");
  if (!(request.top_p > 0 && request.top_p <= 1))
    refuse_usage("complete", "--top-p must be above 0 and at most 1");
  if (request.seed < 0) refuse_usage("complete", "--seed must be 0 or more");
  return request;
}

using Tokens = std::vector<protocol::TokenRow>;

void print_tokens(const char* title, const Tokens& tokens) {
  std::cout << title << " (" << tokens.size() << "):\n";
  for (const auto& [id, text] : tokens)
    std::cout << "  " << id << '\t' << (id == -1 ? "(no token)" : protocol::json_text(text))
              << '\n';
}

/// Prints the prompt with everything that is put around it, unless a token is part of a character.
void print_framed(const Tokens& tokens) {
  std::string all;
  for (const auto& [id, text] : tokens)
    all += text;
  if (all.find("\xef\xbf\xbd") == std::string::npos)
    std::cout << "reads: " << protocol::json_text(all) << '\n';
}

/// Loss per token of the answer, in nats; nullopt without an answer.
std::optional<double> loss_of(const protocol::CompleteResult& result) {
  if (!result.log_prob) return std::nullopt;
  return -*result.log_prob / static_cast<double>(result.counted.value_or(0));
}

void print(const protocol::CompleteResult& result) {
  std::cout << "prompt: " << result.length << " of " << result.context << " positions\n";
  if (result.tokens) {
    print_framed(*result.tokens);
    print_tokens("tokens of the prompt", *result.tokens);
  }
  if (result.answer_tokens) print_tokens("tokens of the answer", *result.answer_tokens);
  if (const auto loss = loss_of(result)) {
    char line[96];
    std::snprintf(line, sizeof line, "loss of the answer: %.6f nats per token, perplexity %.4g",
                  *loss, std::exp(*loss));
    std::cout << line << " (" << result.counted.value_or(0) << " tokens)\n";
  }
  if (result.continuation)
    std::cout << "continuation: " << protocol::json_text(*result.continuation) << '\n';
}

void print_json(const protocol::CompleteResult& result) {
  Json json = result;
  if (const auto loss = loss_of(result)) json["loss"] = *loss;
  std::cout << protocol::json_text(json) << '\n';
}

ExitCode run_complete(const std::vector<std::string>& arguments) {
  const auto given = parse(syntax_of_complete(), arguments);
  if (!given) return ExitCode::ok;
  auto request = complete_request(*given);
  const auto model = one_component(*given, "complete", Table::language_model, given->text("model"));
  request.component = model.ref;
  try {
    WorkerProcess worker(plan_settings_of(*given).worker);
    const auto result = ask<protocol::verb::Complete>(worker, request, until_done);
    if (given->has("json"))
      print_json(result);
    else
      print(result);
  } catch (const WorkerError& error) {
    throw Failure(ExitCode::usage, std::string("runner complete: ") + error.what());
  }
  return ExitCode::ok;
}

}  // namespace

const Command complete_command{"complete", Group::models,
                               "shows how a language model tokenizes and continues a text",
                               run_complete};

}  // namespace earshot::host
