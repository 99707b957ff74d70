#include <lib/text/tokenizer.hpp>

#include <earshot/error.hpp>

namespace earshot::kit {
namespace {

/// Like Jinja's `trim`, which is Python's strip().
std::string trimmed(const std::string& text) {
  constexpr auto spaces = " \t\n\r\v\f";
  const auto begin = text.find_first_not_of(spaces);
  return begin == std::string::npos ? ""
                                    : text.substr(begin, text.find_last_not_of(spaces) - begin + 1);
}

std::string chatml_turn(const std::string& role, const std::string& content) {
  return "<|im_start|>" + role + "\n" + content + "<|im_end|>\n";
}

std::string llama_head(const std::string& role) {
  return "<|start_header_id|>" + role + "<|end_header_id|>\n\n";
}

std::string llama_turn(const Message& message) {
  return llama_head(message.role) + trimmed(message.content) + "<|eot_id|>";
}

std::string chatml(std::span<const Message> messages, bool smollm2, bool answer_next) {
  std::string text;
  if (smollm2 && !messages.empty() && messages[0].role != "system")
    text = chatml_turn("system",
                       "You are a helpful AI assistant named SmolLM, trained by Hugging Face");
  for (const auto& message : messages)
    text += chatml_turn(message.role, message.content);
  return answer_next ? text + "<|im_start|>assistant\n" : text;
}

std::string llama(std::span<const Message> messages, bool dates, bool answer_next) {
  std::string text = "<|begin_of_text|>";
  if (dates) {
    const bool given = !messages.empty() && messages[0].role == "system";
    text += llama_head("system") +
            "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n" +
            (given ? trimmed(messages[0].content) : "") + "<|eot_id|>";
    if (given) messages = messages.subspan(1);
  }
  for (const auto& message : messages)
    text += llama_turn(message);
  return answer_next ? text + llama_head("assistant") : text;
}

}  // namespace

ChatTemplate chat_template(const std::string& name) {
  if (name == "chatml") return ChatTemplate::chatml;
  if (name == "smollm2") return ChatTemplate::smollm2;
  if (name == "llama3") return ChatTemplate::llama3;
  if (name == "llama3_2") return ChatTemplate::llama3_2;
  throw ConfigError("chat template '" + name +
                    "'; allowed are 'chatml', 'smollm2', 'llama3' and 'llama3_2'");
}

std::string chat(ChatTemplate chat_template, std::span<const Message> messages, bool answer_next) {
  switch (chat_template) {
    case ChatTemplate::chatml:
    case ChatTemplate::smollm2:
      return chatml(messages, chat_template == ChatTemplate::smollm2, answer_next);
    case ChatTemplate::llama3:
    case ChatTemplate::llama3_2:
      return llama(messages, chat_template == ChatTemplate::llama3_2, answer_next);
  }
  throw ContractError("chat: no such template; allowed are those of ChatTemplate");
}

}  // namespace earshot::kit
