#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include <lib/text/tokenizer.hpp>
#include <nlohmann/json.hpp>

#include <earshot/error.hpp>

#include "added_tokens.hpp"
#include "byte_alphabet.hpp"
#include "byte_pairs.hpp"
#include "checkpoint/json_file.hpp"
#include "pre_tokenizer.hpp"
#include "tokenizer_file.hpp"
#include "unicode.hpp"

namespace earshot::kit {
namespace {

using tokenizer::Definition;
using tokenizer::Id;

std::filesystem::path tokenizer_file(const std::filesystem::path& path) {
  auto file = std::filesystem::is_directory(path) ? path / "tokenizer.json" : path;
  if (std::filesystem::exists(file)) return file;
  throw DataError(
      file.string() +
      ": does not exist; expected the tokenizer.json of the model. Copy it next to the weights");
}

Definition definition_of_bytes(const std::vector<std::string>& special_tokens,
                               const std::vector<std::string>& words) {
  Definition definition;
  for (Id byte = 0; byte < 256; ++byte) {
    const std::string bytes(1, static_cast<char>(byte));
    definition.names.emplace(byte, tokenizer::in_byte_alphabet(bytes));
    definition.rules.vocabulary.emplace(bytes, byte);
  }
  Id id = 256;
  std::set<std::string> seen;
  for (const auto& name : special_tokens) {
    if (name.empty() || !seen.insert(name).second)
      throw ConfigError("special token '" + name +
                        "' is empty or given twice; each must be given once");
    definition.names.emplace(id, name);
    definition.added.push_back({.name = name, .id = id++, .special = true});
  }
  if (words.empty()) return definition;
  definition.cuts = {tokenizer::Cut::gpt2};
  definition.rules.whole_pieces_first = true;
  for (const auto& word : words) {
    if (word.empty() || !seen.insert(word).second ||
        tokenizer::pieces(word, definition.cuts).size() != 1)
      throw ConfigError("word '" + word +
                        "' is empty, given twice or several words; each word must be given once");
    for (const auto& token : {word, " " + word}) {
      definition.names.emplace(id, tokenizer::in_byte_alphabet(token));
      definition.rules.vocabulary.insert_or_assign(token, id++);
    }
  }
  return definition;
}

}  // namespace

struct Tokenizer::Parts {
  explicit Parts(Definition definition)
      : names(std::move(definition.names)),
        byte_pairs(std::move(definition.rules)),
        cuts(std::move(definition.cuts)),
        added(std::move(definition.added)),
        before(std::move(definition.template_before)),
        after(std::move(definition.template_after)) {
    for (const auto& [id, name] : names) {
      ids.emplace(name, id);
      size = std::max<std::int64_t>(size, std::int64_t{id} + 1);
    }
    for (const auto& token : added.all())
      if (token.special) special.insert(token.id);
  }

  std::unordered_map<Id, std::string> names;
  tokenizer::TextMap<Id> ids{};
  std::set<std::int64_t> special{};
  std::int64_t size = 0;
  tokenizer::BytePairs byte_pairs;
  std::vector<tokenizer::Cut> cuts;
  tokenizer::AddedTokens added;
  std::vector<Id> before, after;
};

Tokenizer::Tokenizer(const std::filesystem::path& path) {
  const auto file = tokenizer_file(path);
  const auto json = checkpoint::read_json_object(file);
  try {
    parts_ = std::make_shared<Parts>(tokenizer::read_definition(json));
  } catch (const nlohmann::json::exception& error) {
    throw DataError(file.string() + ": not a valid tokenizer.json: " + error.what());
  } catch (const DataError& error) {
    throw DataError(file.string() + ": " + error.what());
  }
}

Tokenizer Tokenizer::bytes(const std::vector<std::string>& special_tokens,
                           const std::vector<std::string>& words) {
  return Tokenizer(std::make_shared<Parts>(definition_of_bytes(special_tokens, words)));
}

std::vector<std::int64_t> Tokenizer::encode(std::string_view text, Names names) const {
  text::check_utf8(text, "text to tokenise");
  std::vector<std::int64_t> ids;
  if (names == Names::as_tokens_with_template)
    ids.assign(parts_->before.begin(), parts_->before.end());
  const auto stretches =
      names == Names::as_text ? std::vector<tokenizer::Stretch>{{text}} : parts_->added.split(text);
  for (const auto& stretch : stretches) {
    if (stretch.token) {
      ids.push_back(*stretch.token);
      continue;
    }
    for (const auto piece : tokenizer::pieces(stretch.text, parts_->cuts))
      parts_->byte_pairs.encode(piece, ids);
  }
  if (names == Names::as_tokens_with_template)
    ids.insert(ids.end(), parts_->after.begin(), parts_->after.end());
  return ids;
}

std::string Tokenizer::decode(std::span<const std::int64_t> ids, bool skip_special) const {
  std::string bytes;
  for (const auto id : ids) {
    if (skip_special && special(id)) continue;
    const auto name = token(id);
    // A name outside the byte alphabet is already text, as for an added token with a space.
    if (name) bytes += tokenizer::from_byte_alphabet(*name).value_or(*name);
  }
  return text::replace_invalid(bytes);
}

std::optional<std::int64_t> Tokenizer::id(std::string_view token) const {
  const auto found = parts_->ids.find(token);
  return found == parts_->ids.end() ? std::nullopt : std::optional<std::int64_t>(found->second);
}

std::optional<std::string> Tokenizer::token(std::int64_t id) const {
  if (id < 0 || id >= parts_->size) return {};
  const auto found = parts_->names.find(static_cast<Id>(id));
  return found == parts_->names.end() ? std::nullopt : std::optional(found->second);
}

bool Tokenizer::special(std::int64_t id) const {
  return parts_->special.contains(id);
}

std::int64_t Tokenizer::size() const {
  return parts_->size;
}

}  // namespace earshot::kit
