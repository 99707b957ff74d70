#include "rules.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <set>

#include <nlohmann/json.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/names.hpp>

namespace reasonaqa {

using Json = nlohmann::json;
using earshot::kit::lower_case;

namespace {

constexpr std::array<std::string_view, 5> format_names = {"open", "caption", "yes_no", "compare",
                                                          "multiple_choice"};

bool word_letter(char letter) {
  const auto code = static_cast<unsigned char>(letter);
  return std::isalnum(code) != 0 || code >= 0x80;  // in UTF-8, all bytes beyond ASCII
}

/// The words of a text, as views into it.
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t start = 0; start < text.size();) {
    if (!word_letter(text[start])) {
      ++start;
      continue;
    }
    auto end = start;
    while (end < text.size() && word_letter(text[end]))
      ++end;
    words.push_back(text.substr(start, end - start));
    start = end;
  }
  return words;
}

/// "ACD-1.json" as "acd": letters and digits, without the extension and the number of the tier.
std::string normal_subtype(std::string_view name) {
  auto text = lower_case(std::string(name));
  if (text.ends_with(".json")) text.resize(text.size() - 5);
  if (text.size() > 2 && std::isdigit(static_cast<unsigned char>(text.back())) != 0 &&
      !word_letter(text[text.size() - 2]))
    text.resize(text.size() - 2);
  std::erase_if(text, [](char letter) { return !word_letter(letter); });
  return text;
}

}  // namespace

std::string_view name_of(Format format) {
  return format_names[static_cast<std::size_t>(format)];
}

void Rules::fail(const std::string& what) const {
  throw earshot::DataError(
      file_ + ": " + what +
      ". reasonaqa_rules.json next to the plugin documents the format of rules");
}

Rules::Rules(const std::filesystem::path& file) : file_(file.string()) {
  std::ifstream stream(file);
  if (!stream || std::filesystem::is_directory(file))
    fail("cannot be read; expected the rules of the categories");
  try {
    const auto rules = Json::parse(stream);
    const std::set<std::string> golds = {"", "audio", "caption", "synthesised"};
    for (const auto& entry : rules.at("subtypes")) {
      const Subtype subtype{entry.value("format", ""), entry.value("gold_from", "")};
      if (!subtype.format.empty() &&
          std::find(format_names.begin(), format_names.end(), subtype.format) == format_names.end())
        fail("format '" + subtype.format +
             "'; allowed: open, caption, yes_no, compare, multiple_choice");
      if (!golds.contains(subtype.gold_from))
        fail("gold_from '" + subtype.gold_from + "'; allowed: audio, caption, synthesised");
      for (const auto& name : entry.at("names"))
        subtypes_[normal_subtype(name.get<std::string>())] = subtype;
    }
    for (const auto format : format_names) {
      const auto gold = rules.at("gold_from").at(std::string(format)).get<std::string>();
      if (gold.empty() || !golds.contains(gold))
        fail("gold_from '" + gold + "'; allowed: audio, caption, synthesised");
      gold_[std::string(format)] = gold;
    }
    for (const auto& words : rules.at("caption"))
      captions_.push_back(lower_case(words.get<std::string>()));
    const auto add_topic = [&](const Json& topic) {
      topics_.push_back(
          {topic.at("content").get<std::string>(), topic.at("category").get<std::string>()});
      if (topics_.back().content.empty() || topics_.back().category.empty())
        fail("a topic without content or category");
    };
    for (const auto& topic : rules.at("topics")) {
      if (topics_.size() >= 250) fail("more than 250 topics");
      for (const auto& text : topic.at("words"))
        phrases_.push_back(
            phrase_of(text.get<std::string>(), static_cast<std::uint8_t>(topics_.size())));
      add_topic(topic);
    }
    add_topic(rules.at("other"));
  } catch (const Json::exception& error) {
    fail(std::string("is not as expected: ") + error.what());
  }
}

Rules::Phrase Rules::phrase_of(const std::string& text, std::uint8_t topic) const {
  Phrase phrase{.prefix = text.ends_with('*'), .topic = topic};
  const auto lower = lower_case(text);
  for (const auto word : words_of(lower))
    phrase.words.emplace_back(word);
  if (phrase.words.empty()) fail("'" + text + "' in words; expected at least one word");
  return phrase;
}

bool Rules::Phrase::matches(const std::vector<std::string_view>& given, std::size_t from) const {
  if (from + words.size() > given.size()) return false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool beginning = prefix && i + 1 == words.size();
    if (beginning ? !given[from + i].starts_with(words[i]) : given[from + i] != words[i])
      return false;
  }
  return true;
}

/// The phrases that may begin with this word.
const std::vector<std::uint32_t>& Rules::candidates(std::string_view word) {
  const auto [known, fresh] = known_words_.try_emplace(std::string(word));
  if (!fresh) return known->second;
  for (std::uint32_t i = 0; i < phrases_.size(); ++i) {
    const auto& phrase = phrases_[i];
    const bool beginning = phrase.prefix && phrase.words.size() == 1;
    if (beginning ? word.starts_with(phrase.words[0]) : word == phrase.words[0])
      known->second.push_back(i);
  }
  return known->second;
}

std::uint8_t Rules::topic(std::string_view question) {
  const auto text = lower_case(std::string(question));
  const auto words = words_of(text);
  auto best = static_cast<std::uint8_t>(topics_.size() - 1);
  for (std::size_t i = 0; i < words.size(); ++i)
    for (const auto number : candidates(words[i])) {
      const auto& phrase = phrases_[number];
      if (phrase.topic < best && phrase.matches(words, i)) best = phrase.topic;
    }
  return best;
}

bool Rules::asks_caption(std::string_view question) const {
  const auto text = lower_case(std::string(question));
  return std::any_of(captions_.begin(), captions_.end(),
                     [&](const std::string& start) { return text.starts_with(start); });
}

const Subtype& Rules::subtype(std::string_view name) const {
  static const Subtype none;
  const auto found = subtypes_.find(normal_subtype(name));
  return found == subtypes_.end() ? none : found->second;
}

const std::string& Rules::gold_from(Format format) const {
  return gold_.at(std::string(name_of(format)));
}

}  // namespace reasonaqa
