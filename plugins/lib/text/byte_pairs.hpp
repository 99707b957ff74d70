#pragma once
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace earshot::kit::tokenizer {

/// Gives std::string and std::string_view the same hash.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

using Id = std::int32_t;

/// Byte pair encoding (Sennrich et al. 2016) of pieces, over bytes instead of characters.
class BytePairs {
 public:
  struct Rules {
    TextMap<Id> vocabulary{};  ///< by the bytes of the token
    /// Pairs of tokens, by bytes, best first; their concatenation must be in the vocabulary, too.
    std::vector<std::pair<std::string, std::string>> merges{};
    bool whole_pieces_first = false;  ///< `ignore_merges`: a piece in the vocabulary is one token
    std::optional<Id> unknown{};      ///< for bytes without a token, which are otherwise dropped
    bool one_unknown_a_run = false;   ///< `fuse_unk`
  };

  /// @throws DataError, without a place, for a merge of something that is not a token.
  explicit BytePairs(Rules rules);

  /// Appends the tokens of a piece. Short pieces are cached, since words recur.
  void encode(std::string_view piece, std::vector<std::int64_t>& ids) const;

 private:
  struct Merge {
    Id rank, merged;
  };
  static std::uint64_t pair(Id left, Id right) {
    return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
  }
  std::vector<Id> symbols(std::string_view piece) const;
  std::vector<Id> merge(std::vector<Id> symbols) const;

  Rules rules_;
  std::vector<Id> byte_ids_;  ///< by byte; -1 without a token
  std::unordered_map<std::uint64_t, Merge> merges_{};
  mutable std::mutex lock_{};
  mutable TextMap<std::vector<Id>> known_{};
};

}  // namespace earshot::kit::tokenizer
