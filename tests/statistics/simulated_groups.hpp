#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "statistics/grouping.hpp"

namespace earshot::statistics {

constexpr int trials = 10000;

/// Groups with `mean_size` items each, or with sizes that increase geometrically, the largest 50
/// times the smallest.
inline Grouping simulated_groups(int groups, bool geometric, double mean_size) {
  constexpr double ratio = 50;
  const double mean_of_powers = (ratio - 1) / std::log(ratio);
  Grouping grouping{.dimensions = {{}}};
  for (int g = 0; g < groups; ++g) {
    const double power = std::pow(ratio, static_cast<double>(g) / (groups - 1));
    const double size = geometric ? power * mean_size / mean_of_powers : mean_size;
    grouping.dimensions[0].insert(grouping.dimensions[0].end(),
                                  std::max(1UL, static_cast<std::size_t>(std::lround(size))), g);
  }
  return grouping;
}

/// The difference of two marks of 0 or 1, from a symmetric latent variable: symmetric about 0.
inline double discordance(double latent) {
  return latent > 0.6 ? 1 : latent < -0.6 ? -1 : 0;
}

}  // namespace earshot::statistics
