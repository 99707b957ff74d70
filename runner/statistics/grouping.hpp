#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace earshot::statistics {

/// Which items are not independent of each other: for each dimension ("clip", "room") the group of
/// every item, numbered from 0. Without dimensions every item stands alone.
struct Grouping {
  std::vector<std::vector<std::int32_t>> dimensions{};
};

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
