#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace earshot::statistics {

/// Which items depend on each other: the group of every item, numbered from 0, in each dimension
/// ("clip", "room"). Without dimensions, all items are independent.
struct Grouping {
  std::vector<std::vector<std::int32_t>> dimensions{};
};

/// From names, {dimension: group} for each item. Dimensions are in alphabetical order; an item
/// without a dimension forms a group by itself there.
Grouping grouping_of(const std::vector<const std::map<std::string, std::string>*>& items);

/// An estimate with its interval, or the reason why there is none.
struct Interval {
  double estimate = 0;
  double low = 0, high = 0;
  double standard_error = 0;
  double degrees_of_freedom = 0;
  double p_value = 1;     ///< two-sided, for the null hypothesis that the true value is 0
  std::string missing{};  ///< "7 groups; at least 10 are needed"; "" if there is an interval
  bool defined() const { return missing.empty(); }
};

}  // namespace earshot::statistics
