#include "framing.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include <earshot/error.hpp>
#include <earshot/kit/model_config.hpp>

namespace llama {

namespace {

namespace fs = std::filesystem;
using earshot::ConfigError;
using earshot::DataError;
using earshot::kit::Tokenizer;

/// The template as text; "" if there is none.
std::string template_of(const fs::path& folder) {
  if (fs::exists(folder / "chat_template.jinja")) {
    std::ifstream in(folder / "chat_template.jinja");
    return {std::istreambuf_iterator<char>(in), {}};
  }
  const auto file = folder / "tokenizer_config.json";
  if (!fs::exists(file)) return "";
  const earshot::kit::ModelConfig config(file);
  return config.contains("chat_template") ? config.get<std::string>("chat_template") : "";
}

/// The name of kit::chat_template() for a template in Jinja.
std::string recognised(const fs::path& folder) {
  const auto text = template_of(folder);
  const auto has = [&](const char* part) { return text.find(part) != std::string::npos; };
  if (text.empty()) return "none";
  if (has("<|im_start|>")) return has("SmolLM") ? "smollm2" : "chatml";
  if (has("<|start_header_id|>")) return has("Cutting Knowledge") ? "llama3_2" : "llama3";
  throw ConfigError("chat is 'auto', but the chat template in " + folder.string() +
                    " is unknown; known: chatml, smollm2, llama3, llama3_2. Set chat to one of "
                    "these, or to none");
}

}  // namespace

Framing framing(const Tokenizer& tokenizer, const std::string& chat,
                const std::optional<fs::path>& folder,
                const std::vector<std::int64_t>& end_tokens) {
  auto name = chat;
  if (name == "auto") name = folder ? recognised(*folder) : "none";
  Framing made;
  made.stop = end_tokens;
  if (name == "none") {
    made.before = tokenizer.encode("", Tokenizer::Names::as_tokens_with_template);
    if (end_tokens.empty())
      throw DataError((folder ? folder->string() + ": " : "") +
                      "config.json has no 'eos_token_id', which ends an answer. Add it");
    made.end = end_tokens.front();
    return made;
  }
  // The template is applied to a mark, which stands for the later question.
  const std::string mark = "\x1a";
  const std::vector<earshot::kit::Message> messages{{.role = "user", .content = mark}};
  const auto text = earshot::kit::chat(earshot::kit::chat_template(name), messages, true);
  const auto place = text.find(mark);
  made.before = tokenizer.encode(text.substr(0, place), Tokenizer::Names::as_tokens);
  made.after = tokenizer.encode(text.substr(place + mark.size()), Tokenizer::Names::as_tokens);
  const auto* marker = name.starts_with("llama3") ? "<|eot_id|>" : "<|im_end|>";
  const auto end = tokenizer.id(marker);
  if (!end)
    throw ConfigError("chat is '" + name + "', but the tokenizer has no " + marker +
                      "; the model was not trained on such dialogues. Set chat = \"none\"");
  made.end = *end;
  if (std::find(made.stop.begin(), made.stop.end(), *end) == made.stop.end())
    made.stop.push_back(*end);
  return made;
}

std::optional<SpeechTokens> speech_tokens(const Tokenizer& tokenizer) {
  const auto name = [](std::int64_t n) { return "<|s_" + std::to_string(n) + "|>"; };
  const auto first = tokenizer.id(name(0));
  if (!first) return {};
  SpeechTokens made{.first = *first};
  while (tokenizer.id(name(made.count)) == *first + made.count)
    ++made.count;
  // Llasa's markers around speech input.
  const auto begin = tokenizer.id("<|SPEECH_UNDERSTANDING_START|>"),
             end = tokenizer.id("<|SPEECH_UNDERSTANDING_END|>");
  if (begin && end) {
    made.before = {*begin};
    made.after = {*end};
  }
  return made;
}

}  // namespace llama
