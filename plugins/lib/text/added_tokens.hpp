#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "byte_pairs.hpp"

namespace earshot::kit::tokenizer {

/// A token that is recognised in the text by its name, before anything else is split.
struct AddedToken {
  std::string name;
  Id id = 0;
  bool special = false;
  bool normalized = false;   ///< searched only in the text between the others
  bool single_word = false;  ///< not next to or inside a word
  bool takes_spaces_before = false, takes_spaces_after = false;  ///< `lstrip`, `rstrip`
};

/// A part of a text: an added token, or the text between two.
struct Stretch {
  std::string_view text;
  std::optional<Id> token{};
};

class AddedTokens {
 public:
  explicit AddedTokens(std::vector<AddedToken> tokens);

  const std::vector<AddedToken>& all() const { return tokens_; }
  /// Leftmost matches, the longest at each position.
  std::vector<Stretch> split(std::string_view text) const;

 private:
  /// Names byte by byte, so that a text is read only once.
  class Trie {
   public:
    void add(std::string_view name, std::size_t token);
    struct Match {
      std::size_t token, length;
    };
    std::optional<Match> longest(std::string_view text) const;

   private:
    std::unordered_map<std::uint64_t, std::size_t> children_{};  ///< by node * 256 + byte
    std::vector<std::optional<std::size_t>> tokens_ = {{}};      ///< of each node; 0 is the root
  };
  void split(std::string_view text, const Trie& names, std::vector<Stretch>& found) const;

  std::vector<AddedToken> tokens_;
  Trie raw_{}, normalized_{};
};

}  // namespace earshot::kit::tokenizer
