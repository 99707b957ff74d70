#include "statistics/detectable.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <boost/math/distributions/students_t.hpp>

#include "statistics/interval.hpp"

namespace earshot::statistics {

double smallest_detectable_difference(const PlannedComparison& planned, double power,
                                      double alpha) {
  const auto items = static_cast<double>(planned.items);
  double effect = 1;
  std::int64_t fewest = planned.items;
  for (const auto groups : planned.groups) {
    fewest = std::min(fewest, groups);
    effect += (items / static_cast<double>(groups) - 1) * planned.intraclass_correlation;
  }
  if (fewest < fewest_groups) return std::numeric_limits<double>::quiet_NaN();
  const double of_items = planned.item_variance.value_or(planned.discordant * effect) / items;
  double variance = of_items;
  double uncertainty = of_items * of_items / static_cast<double>(fewest - 1);
  if (planned.seeds > 1 && !planned.item_variance) {
    const auto seeds = static_cast<double>(planned.seeds);
    const double of_seeds = planned.seed_deviation * planned.seed_deviation / seeds;
    variance += of_seeds;
    uncertainty += of_seeds * of_seeds / (seeds - 1);
  }
  const boost::math::students_t distribution(variance * variance / uncertainty);
  return (boost::math::quantile(distribution, 1 - alpha / 2) +
          boost::math::quantile(distribution, power)) *
         std::sqrt(variance);
}

}  // namespace earshot::statistics
