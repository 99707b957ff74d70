#include "tokenizer_file.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include <earshot/error.hpp>

#include "byte_alphabet.hpp"

namespace earshot::kit::tokenizer {
namespace {

using Json = nlohmann::json;

[[noreturn]] void refuse(const std::string& what, const std::string& allowed) {
  throw DataError(what + "; allowed is " + allowed +
                  ". Only byte-level BPE is supported, such as that of GPT-2, SmolLM2 and Llama 3");
}

/// A part of the file; null if it is missing.
const Json& part(const Json& object, const char* key) {
  static const Json nothing;
  const auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

template <class T>
T value(const Json& object, const char* key, T fallback) {
  const auto& found = part(object, key);
  return found.is_null() ? fallback : found.get<T>();
}

/// Such as "ByteLevel", or "null".
std::string kind(const Json& step) {
  return step.is_null() ? "null" : value<std::string>(step, "type", "");
}

Id token_id(const Json& number) {
  if (!number.is_number_integer())
    throw DataError(std::string("id of a token is a ") + number.type_name() +
                    "; allowed is 0 to 2147483647");
  const auto id = number.get<std::int64_t>();
  if (id < 0 || id > std::numeric_limits<Id>::max())
    throw DataError("id " + std::to_string(id) + " of a token; allowed is 0 to 2147483647");
  return static_cast<Id>(id);
}

std::string bytes_of(const std::string& name) {
  return from_byte_alphabet(name).value_or(name);
}

// --- model

std::pair<std::string, std::string> merge(const Json& entry) {
  if (entry.is_array() && entry.size() == 2)
    return {bytes_of(entry[0].get<std::string>()), bytes_of(entry[1].get<std::string>())};
  const auto text = entry.get<std::string>();
  const auto space = text.find(' ');
  if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos)
    throw DataError("merge '" + text + "'; allowed are \"a b\" and [\"a\", \"b\"]");
  return {bytes_of(text.substr(0, space)), bytes_of(text.substr(space + 1))};
}

void refuse_other_models(const Json& model) {
  const auto type = value<std::string>(model, "type", "BPE");
  if (type != "BPE") refuse("model is '" + type + "'", "'BPE'");
  if (!model.contains("vocab") || !model.contains("merges"))
    refuse("model has no vocab or no merges", "both");
  if (value(model, "byte_fallback", false)) refuse("model's byte_fallback is true", "false");
  if (value(model, "dropout", 0.0) != 0) refuse("model's dropout is set", "none");
  for (const auto* affix : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (const auto text = value<std::string>(model, affix, ""); !text.empty())
      refuse("model's " + std::string(affix) + " is '" + text + "'", "none");
}

void read_model(const Json& model, Definition& into) {
  refuse_other_models(model);
  for (const auto& [name, number] : model["vocab"].items()) {
    const auto id = token_id(number);
    if (const auto [other, is_new] = into.names.emplace(id, name); !is_new)
      throw DataError("id " + std::to_string(id) + " is used by '" + other->second + "' and '" +
                      name + "'; allowed is one token per id");
    into.rules.vocabulary.emplace(bytes_of(name), id);
  }
  for (const auto& entry : model["merges"])
    into.rules.merges.push_back(merge(entry));
  into.rules.whole_pieces_first = value(model, "ignore_merges", false);
  into.rules.one_unknown_a_run = value(model, "fuse_unk", false);
  if (const auto unknown = value<std::string>(model, "unk_token", ""); !unknown.empty()) {
    const auto found = into.rules.vocabulary.find(bytes_of(unknown));
    if (found == into.rules.vocabulary.end())
      throw DataError("unk_token '" + unknown + "' is not a token; allowed is one of vocab");
    into.rules.unknown = found->second;
  }
}

void read_added_tokens(const Json& tokens, Definition& into) {
  for (const auto& token : tokens) {
    AddedToken added;
    added.name = token.at("content").get<std::string>();
    added.id = token_id(token.at("id"));
    added.special = value(token, "special", false);
    added.normalized = value(token, "normalized", !added.special);
    added.single_word = value(token, "single_word", false);
    added.takes_spaces_before = value(token, "lstrip", false);
    added.takes_spaces_after = value(token, "rstrip", false);
    if (added.name.empty()) continue;  // skipped, as in the library: it cannot be found anywhere
    const auto named = into.names.emplace(added.id, added.name).first;
    const auto known = into.rules.vocabulary.find(bytes_of(added.name));
    if (named->second != added.name ||
        (known != into.rules.vocabulary.end() && known->second != added.id))
      throw DataError(
          "added token '" + added.name + "' has id " + std::to_string(added.id) +
          ", which contradicts vocab or another added token; allowed is one id per token");
    into.added.push_back(std::move(added));
  }
}

// --- pre-tokenizer, decoder, post-processor

/// The steps of a Sequence, or the single step; none for null. By pointer: copying or printing
/// deeply nested JSON would overflow the stack.
std::vector<const Json*> steps(const Json& step, const char* key) {
  if (step.is_null()) return {};
  if (kind(step) != "Sequence") return {&step};
  std::vector<const Json*> all;
  for (const auto& one : step.at(key))
    all.push_back(&one);
  return all;
}

Cut split_cut(const Json& step) {
  const auto regex = value<std::string>(step.at("pattern"), "Regex", "");
  const auto behavior = value<std::string>(step, "behavior", "");
  if (behavior != "Isolated" || value(step, "invert", false))
    refuse("pre-tokenizer Split has behavior '" + behavior + "' or invert",
           "'Isolated' without invert");
  if (regex == gpt2_pattern) return Cut::gpt2;
  if (regex == llama3_pattern) return Cut::llama3;
  refuse("pre-tokenizer Split has the pattern '" + regex + "'",
         "that of GPT-2, '" + std::string(gpt2_pattern) + "', or of Llama 3, '" +
             std::string(llama3_pattern) + "'");
}

void read_pre_tokenizer(const Json& pre_tokenizer, Definition& into) {
  bool bytes = false;
  for (const auto* one : steps(pre_tokenizer, "pretokenizers")) {
    const auto& step = *one;
    const auto type = kind(step);
    if (bytes) refuse("pre-tokenizer has '" + type + "' after ByteLevel", "ByteLevel as the last");
    if (type == "Digits") {
      into.cuts.push_back(value(step, "individual_digits", false) ? Cut::each_digit
                                                                  : Cut::digit_runs);
    } else if (type == "Split") {
      into.cuts.push_back(split_cut(step));
    } else if (type == "ByteLevel") {
      if (value(step, "add_prefix_space", true))
        refuse("pre-tokenizer ByteLevel has add_prefix_space true", "false");
      if (value(step, "use_regex", true)) into.cuts.push_back(Cut::gpt2);
      bytes = true;
    } else {
      refuse("pre-tokenizer is '" + type + "'", "'Digits', 'Split' and 'ByteLevel', in sequence");
    }
  }
  if (!bytes) refuse("pre-tokenizer has no ByteLevel", "one that ends with ByteLevel");
}

void add_template(const Json& processor, Definition& into) {
  std::vector<Id> before, after;
  int texts = 0;
  for (const auto& piece : processor.at("single")) {
    if (piece.contains("Sequence")) {
      ++texts;
      continue;
    }
    const auto name = piece.at("SpecialToken").at("id").get<std::string>();
    for (const auto& number : processor.at("special_tokens").at(name).at("ids")) {
      const auto id = token_id(number);
      (texts == 0 ? before : after).push_back(id);
      if (!into.names.contains(id))
        throw DataError("post-processor: '" + name + "' has id " + std::to_string(id) +
                        ", which is not a token; allowed are ids of tokens");
    }
  }
  if (texts != 1)
    refuse("post-processor's 'single' has " + std::to_string(texts) + " texts", "one");
  into.template_before.insert(into.template_before.begin(), before.begin(), before.end());
  into.template_after.insert(into.template_after.end(), after.begin(), after.end());
}

void read_post_processor(const Json& post_processor, Definition& into) {
  for (const auto* step : steps(post_processor, "processors")) {
    const auto type = kind(*step);
    if (type == "TemplateProcessing")
      add_template(*step, into);
    else if (type != "ByteLevel")  // which trims offsets, but no ids
      refuse("post-processor is '" + type + "'", "'TemplateProcessing' or 'ByteLevel'");
  }
}

}  // namespace

Definition read_definition(const Json& file) {
  Definition definition;
  read_model(file.at("model"), definition);
  if (const auto& normalizer = part(file, "normalizer"); !steps(normalizer, "normalizers").empty())
    refuse("normalizer is '" + kind(normalizer) + "'", "none");
  read_pre_tokenizer(part(file, "pre_tokenizer"), definition);
  const auto decoders = steps(part(file, "decoder"), "decoders");
  if (decoders.size() != 1 || kind(*decoders[0]) != "ByteLevel")
    refuse("decoder is '" + kind(part(file, "decoder")) + "'", "'ByteLevel'");
  read_added_tokens(part(file, "added_tokens"), definition);
  read_post_processor(part(file, "post_processor"), definition);
  return definition;
}

}  // namespace earshot::kit::tokenizer
