#include "grouping.hpp"

#include <algorithm>
#include <numeric>

namespace earshot::kit {

DisjointSets::DisjointSets(std::size_t size) : parent_(size) {
  std::iota(parent_.begin(), parent_.end(), std::int64_t{0});
}

std::int64_t DisjointSets::root(std::int64_t i) {
  while (parent_[static_cast<std::size_t>(i)] != i) {
    auto& parent = parent_[static_cast<std::size_t>(i)];
    parent = parent_[static_cast<std::size_t>(parent)];
    i = parent;
  }
  return i;
}

void DisjointSets::join(std::int64_t a, std::int64_t b) {
  parent_[static_cast<std::size_t>(root(a))] = root(b);
}

std::vector<std::int64_t> DisjointSets::representatives() {
  std::vector<std::int64_t> roots(parent_.size());
  for (std::size_t i = 0; i < roots.size(); ++i)
    roots[i] = root(static_cast<std::int64_t>(i));
  return roots;
}

Grouping::Grouping(std::size_t items) : all_(items), items_(items) {}

void Grouping::add(std::int64_t item, const std::map<std::string, std::string>& groups) {
  for (const auto& [name, group] : groups) {
    auto found = dimensions_.find(name);
    if (found == dimensions_.end())
      found = dimensions_.emplace(name, Dimension{DisjointSets(items_)}).first;
    auto& dimension = found->second;
    const auto other = dimension.first.try_emplace(group, item).first->second;
    dimension.parts.join(item, other);
    all_.join(item, other);
  }
}

std::vector<std::int64_t> Grouping::over_all() {
  return all_.representatives();
}

std::vector<std::int64_t> Grouping::over_finest() {
  const auto finest = std::max_element(
      dimensions_.begin(), dimensions_.end(),
      [](const auto& a, const auto& b) { return a.second.first.size() < b.second.first.size(); });
  return finest == dimensions_.end() ? over_all() : finest->second.parts.representatives();
}

}  // namespace earshot::kit
