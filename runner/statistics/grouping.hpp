#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace earshot::statistics {

/// Which items are not independent of each other: for each dimension ("clip", "room") the group of
/// every item, numbered from 0. Without dimensions every item stands alone.
struct Grouping {
  std::vector<std::vector<std::int32_t>> dimensions{};
};

/// From names, {dimension: group} of each item. Dimensions stand in alphabetical order; an item
/// that lacks one is a group of its own there.
Grouping grouping_of(const std::vector<const std::map<std::string, std::string>*>& items);

/// An estimate with its interval, or the reason why there is none.
struct Interval {
  double estimate = 0;
  double low = 0, high = 0;
  double standard_error = 0;
  double degrees_of_freedom = 0;
  double p_value = 1;     ///< two-sided, of the null that the true value is 0
  std::string missing{};  ///< "7 groups; at least 10 are needed"; "" when the interval stands
  bool defined() const { return missing.empty(); }
};

}  // namespace earshot::statistics
