#include <string>

#include <lib/learn/share.hpp>

#include <earshot/error.hpp>

namespace earshot::kit {

std::vector<std::int64_t> Share::of(const std::vector<std::int64_t>& batch) const {
  const auto size = std::ssize(batch);
  if (size < count)
    throw ConfigError("processes is " + std::to_string(count) + ", and a batch has " +
                      std::to_string(size) +
                      " items, of which each process computes a share; allowed: at most as many "
                      "processes as items. Lower processes");
  const Share next{index + 1, count};
  return {batch.begin() + begin(size), batch.begin() + next.begin(size)};
}

}  // namespace earshot::kit
