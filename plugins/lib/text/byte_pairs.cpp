#include "byte_pairs.hpp"

#include <queue>
#include <tuple>
#include <utility>

#include <earshot/error.hpp>

#include "byte_alphabet.hpp"

namespace earshot::kit::tokenizer {
namespace {

constexpr std::size_t longest_remembered = 64, most_remembered = 1 << 16;

}  // namespace

BytePairs::BytePairs(Rules rules) : rules_(std::move(rules)), byte_ids_(256, -1) {
  const auto& vocabulary = rules_.vocabulary;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const auto found = vocabulary.find(std::string(1, static_cast<char>(byte)));
    if (found != vocabulary.end()) byte_ids_[byte] = found->second;
  }
  const auto id = [&](const std::string& token) {
    const auto found = vocabulary.find(token);
    if (found == vocabulary.end())
      throw DataError("merges: '" + in_byte_alphabet(token) +
                      "' is not a token; allowed are pairs of tokens that form a token");
    return found->second;
  };
  Id rank = 0;
  for (const auto& [left, right] : rules_.merges)
    merges_[pair(id(left), id(right))] = {rank++, id(left + right)};
  rules_.merges.clear();
}

void BytePairs::encode(std::string_view piece, std::vector<std::int64_t>& ids) const {
  if (rules_.whole_pieces_first) {
    const auto found = rules_.vocabulary.find(piece);
    if (found != rules_.vocabulary.end()) {
      ids.push_back(found->second);
      return;
    }
  }
  const bool remembered = piece.size() <= longest_remembered;
  if (remembered) {
    const std::scoped_lock guard(lock_);
    const auto found = known_.find(piece);
    if (found != known_.end()) {
      ids.insert(ids.end(), found->second.begin(), found->second.end());
      return;
    }
  }
  const auto merged = merge(symbols(piece));
  ids.insert(ids.end(), merged.begin(), merged.end());
  if (!remembered) return;
  const std::scoped_lock guard(lock_);
  if (known_.size() < most_remembered) known_.emplace(piece, merged);
}

std::vector<Id> BytePairs::symbols(std::string_view piece) const {
  std::vector<Id> symbols;
  symbols.reserve(piece.size());
  bool after_unknown = false;
  for (const char byte : piece) {
    const auto id = byte_ids_[static_cast<unsigned char>(byte)];
    if (id >= 0)
      symbols.push_back(id);
    else if (rules_.unknown && !(after_unknown && rules_.one_unknown_a_run))
      symbols.push_back(*rules_.unknown);
    after_unknown = id < 0;
  }
  return symbols;
}

/// Merges the pair of lowest rank first, the leftmost of equal ones, until none is left. A linked
/// list and a queue of candidates, so that long pieces cost n log n.
std::vector<Id> BytePairs::merge(std::vector<Id> symbols) const {
  const auto count = static_cast<std::int64_t>(symbols.size());
  const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  std::vector<std::int64_t> next(symbols.size()), previous(symbols.size());
  for (std::int64_t i = 0; i < count; ++i) {
    next[at(i)] = i + 1;
    previous[at(i)] = i - 1;
  }
  using Candidate = std::tuple<Id, std::int64_t, std::uint64_t>;  // rank, place, pair
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
  const auto propose = [&](std::int64_t left) {
    if (left < 0 || next[at(left)] >= count) return;
    const auto both = pair(symbols[at(left)], symbols[at(next[at(left)])]);
    const auto found = merges_.find(both);
    if (found != merges_.end()) candidates.emplace(found->second.rank, left, both);
  };
  for (std::int64_t i = 0; i + 1 < count; ++i)
    propose(i);

  constexpr Id gone = -1;
  while (!candidates.empty()) {
    const auto [rank, left, both] = candidates.top();
    candidates.pop();
    const auto right = next[at(left)];
    if (symbols[at(left)] == gone || right >= count ||
        pair(symbols[at(left)], symbols[at(right)]) != both)
      continue;  // one of the two has been merged since
    symbols[at(left)] = merges_.at(both).merged;
    symbols[at(right)] = gone;
    next[at(left)] = next[at(right)];
    if (next[at(left)] < count) previous[at(next[at(left)])] = left;
    propose(previous[at(left)]);
    propose(left);
  }
  std::erase(symbols, gone);
  return symbols;
}

}  // namespace earshot::kit::tokenizer
