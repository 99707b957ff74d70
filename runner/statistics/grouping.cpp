#include "statistics/grouping.hpp"

#include <set>
#include <unordered_map>

namespace earshot::statistics {

Grouping grouping_of(const std::vector<const std::map<std::string, std::string>*>& items) {
  std::set<std::string> dimensions;
  for (const auto* item : items)
    for (const auto& [dimension, group] : *item)
      dimensions.insert(dimension);
  Grouping grouping;
  for (const auto& dimension : dimensions) {
    auto& groups = grouping.dimensions.emplace_back();
    std::unordered_map<std::string, std::int32_t> numbers;
    std::int32_t next = 0;
    for (const auto* item : items) {
      const auto own = item->find(dimension);
      if (own == item->end()) {
        groups.push_back(next++);
        continue;
      }
      const auto [place, is_new] = numbers.try_emplace(own->second, next);
      next += is_new ? 1 : 0;
      groups.push_back(place->second);
    }
  }
  return grouping;
}

}  // namespace earshot::statistics
