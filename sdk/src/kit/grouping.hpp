#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace earshot::kit {

/// Disjoint sets of the numbers 0, 1, ... (union-find with path halving).
class DisjointSets {
 public:
  explicit DisjointSets(std::size_t size);
  void join(std::int64_t a, std::int64_t b);
  /// For each number the one that stands for its set.
  std::vector<std::int64_t> representatives();

 private:
  std::int64_t root(std::int64_t i);
  std::vector<std::int64_t> parent_;
};

/// Parts of items that share groups, directly or through other items. A part is named by one of its
/// items. The code that splits items chooses one of the two kinds of parts: parts over all
/// dimensions share nothing, but crossed dimensions (rooms and speakers) may leave only one.
class Grouping {
 public:
  explicit Grouping(std::size_t items);

  /// @param groups  Item::groups of item number `item`; an item without any is a part of its own
  void add(std::int64_t item, const std::map<std::string, std::string>& groups);

  /// The part of each item, over all dimensions.
  std::vector<std::int64_t> over_all();
  /// The part of each item, over the dimension with most groups alone (of several, the first by
  /// name); without a dimension every item is a part.
  std::vector<std::int64_t> over_finest();

 private:
  struct Dimension {
    DisjointSets parts;
    std::unordered_map<std::string, std::int64_t> first{};  ///< item of each group
  };
  DisjointSets all_;
  std::map<std::string, Dimension> dimensions_{};
  std::size_t items_;
};

}  // namespace earshot::kit
