#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/analyse/evidence.hpp"
#include "statistics/paired.hpp"

namespace earshot::host {

/// The difference between a candidate and a base in one metric: candidate - base.
struct Difference {
  std::string metric{}, unit{};
  bool higher_is_better = true;
  statistics::Interval interval{};  ///< NaN, with `missing` set, if there is no common run or item
  std::optional<double> sign_flip_p{}, mcnemar_p{};
  double base = 0, candidate = 0;  ///< value of each side, mean over samples and seeds
  std::string method{};            ///< "cluster jackknife", "jackknife within strata" or ""
  std::int64_t items = 0, groups = 0, seeds = 0;
  std::int64_t missing = 0;  ///< pairs of runs of which one side is missing
  std::vector<std::string> notes{};

  /// The difference in the direction of improvement: negated if lower is better.
  double gain() const { return higher_is_better ? interval.estimate : -interval.estimate; }
};

/// Mean difference over one or several samples (tasks), equally weighted. Samples share groups if
/// they have the same items; seeds that some of them lack are left out.
/// @param samples  of one metric; not empty
/// @param given    dimensions of groups ("speaker") that are taken as given: the interval is for
///                 exactly these speakers, and no number of them is too small; see
///                 statistics::Clusters. Dimensions that no item has are ignored.
Difference difference(std::span<const Sample> samples, const std::vector<std::string>& given = {});

/// By how much the difference in `second` exceeds that in `first`, each a mean over its samples:
/// the interaction of what distinguishes the sides with what distinguishes the samples. `base` and
/// `candidate` of the result are the two differences.
/// @param first, second  of one metric; not empty
Difference interaction(std::span<const Sample> first, std::span<const Sample> second,
                       const std::vector<std::string>& given = {});

}  // namespace earshot::host
