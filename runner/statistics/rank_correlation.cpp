#include "statistics/rank_correlation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <boost/math/distributions/students_t.hpp>

namespace earshot::statistics {
namespace {

constexpr std::size_t most_exact = 8;  ///< 40,320 orders

/// Ranks minus their mean; equal values share the mean of their ranks.
std::vector<double> centred_ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  const double mean = (static_cast<double>(values.size()) - 1) / 2;
  for (std::size_t first = 0, last = 0; first < order.size(); first = last) {
    while (last < order.size() && values[order[last]] == values[order[first]])
      ++last;
    const double shared = static_cast<double>(first + last - 1) / 2;
    for (auto i = first; i < last; ++i)
      ranks[order[i]] = shared - mean;
  }
  return ranks;
}

double product(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// Share of the orders of `y` whose product with `x` is at least as far from 0.
double exact_p(const std::vector<double>& x, std::vector<double> y) {
  constexpr double tolerance = 1e-9;  // ranks are halves: sums differ by 0.25 or not at all
  const double found = std::abs(product(x, y)) - tolerance;
  std::vector<std::size_t> order(y.size());
  std::iota(order.begin(), order.end(), 0);
  std::int64_t all = 0, far = 0;
  do {
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i)
      sum += x[i] * y[order[i]];
    ++all;
    far += std::abs(sum) >= found;
  } while (std::next_permutation(order.begin(), order.end()));
  return static_cast<double>(far) / static_cast<double>(all);
}

double approximate_p(double rho, std::size_t pairs) {
  if (std::abs(rho) >= 1) return 0;
  const double freedom = static_cast<double>(pairs) - 2;
  const double t = std::abs(rho) * std::sqrt(freedom / (1 - rho * rho));
  return 2 * boost::math::cdf(boost::math::complement(boost::math::students_t(freedom), t));
}

RankCorrelation undefined(std::int64_t pairs, std::string why) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  return {.rho = nan, .p_value = nan, .pairs = pairs, .missing = std::move(why)};
}

}  // namespace

RankCorrelation rank_correlation(std::span<const double> x, std::span<const double> y) {
  const auto pairs = static_cast<std::int64_t>(x.size());
  if (pairs < 3) return undefined(pairs, "fewer than three pairs");
  const auto of_x = centred_ranks(x), of_y = centred_ranks(y);
  const double scale = std::sqrt(product(of_x, of_x) * product(of_y, of_y));
  if (scale == 0) return undefined(pairs, "all numbers of one side are equal");
  const double rho = std::clamp(product(of_x, of_y) / scale, -1.0, 1.0);
  return {.rho = rho,
          .p_value = x.size() <= most_exact ? exact_p(of_x, of_y) : approximate_p(rho, x.size()),
          .pairs = pairs};
}

}  // namespace earshot::statistics
