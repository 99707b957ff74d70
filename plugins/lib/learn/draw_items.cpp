#include <algorithm>
#include <utility>

#include <lib/learn/draw_items.hpp>

#include <earshot/kit/random.hpp>

namespace earshot::kit {

std::vector<std::int64_t> draw_items(std::vector<std::int64_t> items, std::int64_t count,
                                     std::uint64_t seed) {
  if (count == 0 || count >= std::ssize(items)) return items;
  Random random(seed);
  for (std::int64_t i = 0; i < count; ++i)
    std::swap(items[static_cast<std::size_t>(i)],
              items[static_cast<std::size_t>(i + random.below(std::ssize(items) - i))]);
  items.resize(static_cast<std::size_t>(count));
  std::sort(items.begin(), items.end());
  return items;
}

}  // namespace earshot::kit
