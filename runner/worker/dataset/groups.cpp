#include "worker/dataset/groups.hpp"

#include <map>
#include <numeric>
#include <set>
#include <unordered_map>

namespace earshot::worker {

namespace {

/// Disjoint sets of item numbers, with path halving.
class Parts {
 public:
  explicit Parts(std::size_t size) : parent_(size) {
    std::iota(parent_.begin(), parent_.end(), std::int64_t{0});
  }
  std::int64_t root(std::int64_t i) {
    while (parent_[static_cast<std::size_t>(i)] != i) {
      auto& parent = parent_[static_cast<std::size_t>(i)];
      parent = parent_[static_cast<std::size_t>(parent)];
      i = parent;
    }
    return i;
  }
  void join(std::int64_t a, std::int64_t b) {
    parent_[static_cast<std::size_t>(root(a))] = root(b);
  }
  std::vector<std::int64_t> all() {
    std::vector<std::int64_t> roots(parent_.size());
    for (std::size_t i = 0; i < roots.size(); ++i)
      roots[i] = root(static_cast<std::int64_t>(i));
    return roots;
  }

 private:
  std::vector<std::int64_t> parent_;
};

constexpr std::size_t few_parts = 10;

}  // namespace

std::vector<std::int64_t> independent_parts(const Dataset& dataset,
                                            const std::vector<std::int64_t>& items) {
  Parts all(items.size());
  std::map<std::string, Parts> alone;  // by dimension
  std::map<std::string, std::unordered_map<std::string, std::int64_t>> first;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto number = static_cast<std::int64_t>(i);
    for (const auto& [dimension, group] : dataset.item(items[i]).groups) {
      const auto other = first[dimension].try_emplace(group, number).first->second;
      all.join(number, other);
      alone.try_emplace(dimension, items.size()).first->second.join(number, other);
    }
  }
  auto parts = all.all();
  if (std::set<std::int64_t>(parts.begin(), parts.end()).size() >= few_parts || first.empty())
    return parts;
  const auto finest = std::max_element(
      first.begin(), first.end(),
      [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
  return alone.at(finest->first).all();
}

}  // namespace earshot::worker
