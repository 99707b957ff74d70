#include "statistics/multiplicity.hpp"

#include <algorithm>
#include <numeric>

namespace earshot::statistics {
namespace {

std::vector<std::size_t> ascending(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  return order;
}

}  // namespace

std::vector<double> holm(std::span<const double> p_values) {
  std::vector<double> adjusted(p_values.size());
  const auto order = ascending(p_values);
  double highest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const auto remaining = static_cast<double>(order.size() - rank);
    highest = std::max(highest, std::min(1.0, remaining * p_values[order[rank]]));
    adjusted[order[rank]] = highest;
  }
  return adjusted;
}

std::vector<double> benjamini_hochberg(std::span<const double> p_values) {
  std::vector<double> adjusted(p_values.size());
  const auto order = ascending(p_values);
  double lowest = 1;
  for (std::size_t rank = order.size(); rank > 0; --rank) {
    const double scale = static_cast<double>(order.size()) / static_cast<double>(rank);
    lowest = std::min(lowest, scale * p_values[order[rank - 1]]);
    adjusted[order[rank - 1]] = lowest;
  }
  return adjusted;
}

}  // namespace earshot::statistics
