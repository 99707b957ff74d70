#pragma once
#include <cstdint>
#include <vector>

namespace earshot::kit {

/// Some of the items, each with the same probability and none twice, ascending. All, as they are
/// given, if `count` is 0 or not less than there are.
std::vector<std::int64_t> draw_items(std::vector<std::int64_t> items, std::int64_t count,
                                     std::uint64_t seed);

}  // namespace earshot::kit
