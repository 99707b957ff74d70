#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <thread>

#include "host/base/arguments.hpp"
#include "host/base/worker_process.hpp"
#include "host/cli/command.hpp"
#include "host/cli/one_component.hpp"
#include "host/cli/planning.hpp"

namespace earshot::host {
namespace {

namespace po = program_options;

Syntax syntax_of_complete() {
  Syntax syntax{
      "complete", "MODEL TEXT",
      "Shows what a language model makes of a text: its tokens with all that is put around a\n"
      "prompt (the dialogue that `chat` chose), how it goes on, and with --answer the loss of an\n"
      "answer. MODEL is a component, or FILE.toml:LABEL for one as an experiment has it; TEXT is\n"
      "'-' for standard input."};
  auto add = syntax.options.add_options();
  add("answer", po::value<std::string>()->value_name("TEXT"),
      "how likely this is after TEXT, with the end marker");
  add("max-tokens", po::value<std::int64_t>()->value_name("N")->default_value(32),
      "of the continuation; 0: none");
  add("temperature", po::value<double>()->value_name("T")->default_value(0), "0: greedy");
  add("top-p", po::value<double>()->value_name("P")->default_value(1),
      "draws among the likeliest tokens that have this share");
  add("seed", po::value<std::int64_t>()->value_name("N")->default_value(0), "of what is drawn");
  add("json", "one JSON object: tokens as [id, text], continuation, loss ...");
  add("device", po::value<std::string>()->default_value("cpu"), "cpu, cuda or cuda:N");
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

Json request_of(const Arguments& given) {
  if (!given.has("text")) refuse_usage("complete", "MODEL or TEXT is missing");
  auto text = given.text("text");
  if (text == "-") text = {std::istreambuf_iterator<char>(std::cin), {}};
  Json request{{"prompt", text},
               {"answer", given.has("answer") ? Json(given.text("answer")) : Json()},
               {"max_tokens", given.get<std::int64_t>("max-tokens")},
               {"temperature", given.get<double>("temperature")},
               {"top_p", given.get<double>("top-p")},
               {"seed", given.get<std::int64_t>("seed")},
               {"device", given.text("device")},
               {"threads", std::max(1u, std::thread::hardware_concurrency())}};
  if (request.at("max_tokens") < 0) refuse_usage("complete", "--max-tokens must be 0 or more");
  if (!(request.at("temperature") >= 0))
    refuse_usage("complete", "--temperature must be 0 or more");
  if (!(request.at("top_p") > 0 && request.at("top_p") <= 1))
    refuse_usage("complete", "--top-p must be above 0 and at most 1");
  if (request.at("seed") < 0) refuse_usage("complete", "--seed must be 0 or more");
  return request;
}

/// With line ends and controls as JSON writes them, and in quotes.
std::string shown(const Json& text) {
  return text.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void print_tokens(const char* title, const Json& tokens) {
  std::cout << title << " (" << tokens.size() << "):\n";
  for (const auto& token : tokens)
    std::cout << "  " << token.at(0) << '\t'
              << (token.at(0) == -1 ? "(no token)" : shown(token.at(1))) << '\n';
}

/// The prompt with all that is put around it; nothing where a token is part of a character.
void print_framed(const Json& tokens) {
  std::string text;
  for (const auto& token : tokens)
    text += token.at(1).get<std::string>();
  if (text.find("\xef\xbf\xbd") == std::string::npos) std::cout << "reads: " << shown(text) << '\n';
}

void print(const Json& result) {
  std::cout << "prompt: " << result.at("length") << " of " << result.at("context")
            << " positions\n";
  if (result.contains("tokens")) {
    print_framed(result.at("tokens"));
    print_tokens("tokens of the prompt", result.at("tokens"));
  }
  if (result.contains("answer_tokens"))
    print_tokens("tokens of the answer", result.at("answer_tokens"));
  if (result.contains("loss")) {
    char line[96];
    std::snprintf(line, sizeof line, "loss of the answer: %.6f nats per token, perplexity %.4g",
                  result.at("loss").get<double>(), std::exp(result.at("loss").get<double>()));
    std::cout << line << " (" << result.at("counted") << " tokens)\n";
  }
  if (result.contains("continuation"))
    std::cout << "continuation: " << shown(result.at("continuation")) << '\n';
}

ExitCode run(const std::vector<std::string>& arguments) {
  const auto given = parse(syntax_of_complete(), arguments);
  if (!given) return ExitCode::ok;
  auto request = request_of(*given);
  const auto model = one_component(*given, "complete", "language_model", given->text("model"));
  request["component"] = model.ref;
  try {
    WorkerProcess worker(plan_settings_of(*given).worker);
    auto result = ask(worker, "complete", request, until_done);
    if (result.contains("log_prob"))
      result["loss"] = -result.at("log_prob").get<double>() /
                       static_cast<double>(result.at("counted").get<std::int64_t>());
    if (given->has("json"))
      std::cout << result.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
    else
      print(result);
  } catch (const WorkerError& error) {
    throw Failure(ExitCode::usage, std::string("runner complete: ") + error.what());
  }
  return ExitCode::ok;
}

}  // namespace

const Command complete_command{"complete", "shows how a language model reads and continues a text",
                               run};

}  // namespace earshot::host
