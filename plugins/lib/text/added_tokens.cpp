#include "added_tokens.hpp"

#include <algorithm>
#include <utility>

#include "unicode.hpp"

namespace earshot::kit::tokenizer {
namespace {

/// Start of the character that ends at `end`.
std::size_t before(std::string_view text, std::size_t end) {
  do
    --end;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80);
  return end;
}

char32_t character(std::string_view text, std::size_t at) {
  return text::code_point(text, at).value;
}

bool beside_word(std::string_view text, std::size_t begin, std::size_t end) {
  return (begin > 0 && text::is_word(character(text, before(text, begin)))) ||
         (end < text.size() && text::is_word(character(text, end)));
}

std::size_t without_spaces_before(std::string_view text, std::size_t begin, std::size_t least) {
  while (begin > least && text::is_space(character(text, before(text, begin))))
    begin = before(text, begin);
  return begin;
}

std::size_t without_spaces_after(std::string_view text, std::size_t end) {
  while (end < text.size() && text::is_space(character(text, end)))
    end += text::code_point(text, end).bytes;
  return end;
}

}  // namespace

void AddedTokens::Trie::add(std::string_view name, std::size_t token) {
  std::size_t node = 0;
  for (const char byte : name) {
    const auto edge = node * 256 + static_cast<unsigned char>(byte);
    const auto [child, is_new] = children_.try_emplace(edge, tokens_.size());
    if (is_new) tokens_.emplace_back();
    node = child->second;
  }
  tokens_[node] = token;
}

std::optional<AddedTokens::Trie::Match> AddedTokens::Trie::longest(std::string_view text) const {
  std::optional<Match> found;
  std::size_t node = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto child = children_.find(node * 256 + static_cast<unsigned char>(text[at]));
    if (child == children_.end()) break;
    node = child->second;
    if (tokens_[node]) found = {*tokens_[node], at + 1};
  }
  return found;
}

AddedTokens::AddedTokens(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  for (std::size_t i = 0; i < tokens_.size(); ++i)
    (tokens_[i].normalized ? normalized_ : raw_).add(tokens_[i].name, i);
}

std::vector<Stretch> AddedTokens::split(std::string_view text) const {
  std::vector<Stretch> raw, found;
  split(text, raw_, raw);
  for (const auto& stretch : raw) {
    if (stretch.token)
      found.push_back(stretch);
    else
      split(stretch.text, normalized_, found);
  }
  return found;
}

void AddedTokens::split(std::string_view text, const Trie& names,
                        std::vector<Stretch>& found) const {
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto match = names.longest(text.substr(at));
    if (!match) {
      ++at;
      continue;
    }
    const auto& token = tokens_[match->token];
    auto begin = at, end = at + match->length;
    at = end;
    if (token.single_word && beside_word(text, begin, end)) continue;
    if (token.takes_spaces_before) begin = without_spaces_before(text, begin, done);
    if (token.takes_spaces_after) end = without_spaces_after(text, end);
    if (end <= done) continue;  // the token before included it in its spaces
    begin = std::max(begin, done);
    if (done < begin) found.push_back({text.substr(done, begin - done)});
    found.push_back({text.substr(begin, end - begin), token.id});
    done = end;
  }
  if (done < text.size()) found.push_back({text.substr(done)});
}

}  // namespace earshot::kit::tokenizer
