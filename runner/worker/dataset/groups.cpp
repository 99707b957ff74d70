#include "worker/dataset/groups.hpp"

#include <set>

#include "kit/grouping.hpp"

namespace earshot::worker {

std::vector<std::int64_t> independent_parts(const Dataset& dataset,
                                            const std::vector<std::int64_t>& items) {
  constexpr std::size_t few = 10;
  kit::Grouping grouping(items.size());
  for (std::size_t i = 0; i < items.size(); ++i)
    grouping.add(static_cast<std::int64_t>(i), dataset.item(items[i]).groups);
  auto parts = grouping.over_all();
  const bool enough = std::set<std::int64_t>(parts.begin(), parts.end()).size() >= few;
  return enough ? parts : grouping.over_finest();
}

}  // namespace earshot::worker
