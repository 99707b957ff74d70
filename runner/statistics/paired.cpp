#include "statistics/paired.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/students_t.hpp>

#include "statistics/interval.hpp"
#include "statistics/random.hpp"

namespace earshot::statistics {
namespace {

/// Equal values give exactly that value, without rounding.
double mean_of(std::span<const double> values) {
  if (!values.empty() && std::equal(values.begin() + 1, values.end(), values.begin()))
    return values.front();
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Element by element over seeds.
std::vector<double> average(std::span<const std::vector<double>> rows) {
  std::vector<double> result(rows.front().size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < result.size(); ++i)
      result[i] += row[i];
  for (auto& value : result)
    value /= static_cast<double>(rows.size());
  return result;
}

/// Adds the variance between seeds to that of the items.
/// @param rows      the items' values for each seed
/// @param averaged  rows, averaged over the seeds
Interval with_seeds(const MeanVariance& items, std::span<const std::vector<double>> rows,
                    std::span<const double> averaged, const Clusters& clusters, double level) {
  const auto seeds = static_cast<double>(rows.size());
  double between = 0, interaction = 0;
  std::vector<double> own(averaged.size());
  for (const auto& row : rows) {
    between += std::pow(mean_of(row) - items.mean, 2) / (seeds - 1);
    for (std::size_t i = 0; i < own.size(); ++i)
      own[i] = row[i] - averaged[i];
    interaction += mean_variance(own, clusters).variance / (seeds - 1);
  }
  const double of_seeds = std::max(0.0, between - interaction) / seeds;
  const double variance = items.variance + of_seeds;
  const double uncertainty = items.variance * items.variance / items.degrees_of_freedom +
                             std::pow(between / seeds, 2) / (seeds - 1);
  auto both = t_interval(items.mean, variance, variance * variance / uncertainty, level);
  if (of_seeds == 0) return both;
  auto seeds_alone = t_interval(items.mean, of_seeds, seeds - 1, level);
  if (seeds_alone.low < both.low) return seeds_alone;
  return both;
}

}  // namespace

Interval paired_mean(std::span<const std::vector<double>> differences, const Clusters& clusters,
                     double level) {
  for (const auto& row : differences)
    if (static_cast<std::int64_t>(row.size()) != clusters.items())
      throw std::invalid_argument("paired_mean: a seed of " + std::to_string(row.size()) +
                                  " items; the groups are of " + std::to_string(clusters.items()));
  if (differences.empty()) return no_interval(std::nan(""), "no items");
  const auto averaged = average(differences);
  auto of_items = mean_interval(averaged, clusters, level);
  if (!of_items.defined() || differences.size() == 1) return of_items;
  return with_seeds(mean_variance(averaged, clusters), differences, averaged, clusters, level);
}

PairedDifference paired_difference(std::span<const std::vector<double>> differences,
                                   const Clusters& clusters, double level) {
  PairedDifference result{.interval = paired_mean(differences, clusters, level)};
  if (differences.size() != 1 || !std::isfinite(result.interval.estimate) || clusters.conditional())
    return result;
  const auto& row = differences.front();
  const auto& groups = clusters.dimensions().front();
  result.sign_flip_p = sign_flip_test(row, groups);
  if (groups.groups() != clusters.items()) return result;
  std::int64_t up = 0, down = 0, same = 0;
  for (const double difference : row) {
    up += difference == 1;
    down += difference == -1;
    same += difference == 0;
  }
  if (up + down + same == clusters.items()) result.mcnemar_p = mcnemar_mid_p(down, up);
  return result;
}

std::vector<std::vector<double>> weighted_sum(std::span<const Part> parts) {
  if (parts.size() == 1 && parts.front().weight == 1) return parts.front().differences;
  std::size_t items = 0;
  for (const auto& part : parts)
    items += part.differences.front().size();
  std::vector<std::vector<double>> rows(parts.front().differences.size());
  for (std::size_t s = 0; s < rows.size(); ++s) {
    double center = 0;
    for (const auto& part : parts)
      center += part.weight * mean_of(part.differences[s]);
    for (const auto& part : parts) {
      const auto& own = part.differences[s];
      const double share =
          part.weight * static_cast<double>(items) / static_cast<double>(own.size());
      const double mean = mean_of(own);
      for (const double value : own)
        rows[s].push_back(center + share * (value - mean));
    }
  }
  return rows;
}

double mcnemar_mid_p(std::int64_t only_base_right, std::int64_t only_candidate_right) {
  const auto total = static_cast<double>(only_base_right + only_candidate_right);
  if (total == 0) return 1;
  const auto fewer = static_cast<double>(std::min(only_base_right, only_candidate_right));
  const boost::math::binomial half(total, 0.5);
  const double here = boost::math::pdf(half, fewer);
  if (only_base_right == only_candidate_right) return 1 - here / 2;
  return 2 * boost::math::cdf(half, fewer) - here;
}

double sign_flip_test(std::span<const double> differences, const Partition& groups) {
  // Fewer than 10,000 if there are so many groups that these would take more than a tenth of a
  // second.
  constexpr std::int64_t signs = 50'000'000;
  const auto flips =
      static_cast<int>(std::clamp<std::int64_t>(signs / groups.groups(), 2500, 10000));
  std::vector<double> sums(groups.sizes.size());
  for (std::size_t i = 0; i < differences.size(); ++i)
    sums[static_cast<std::size_t>(groups.group_of[i])] += differences[i];
  const double observed = std::abs(std::accumulate(sums.begin(), sums.end(), 0.0));
  Random random(0x666c6970);
  int as_far = 1;  // the observed signs count as one of the flips
  for (int flip = 1; flip < flips; ++flip) {
    double sum = 0;
    std::uint64_t bits = 0;
    for (std::size_t g = 0; g < sums.size(); ++g) {
      if (g % 64 == 0) bits = random();
      sum += (bits & 1) != 0 ? sums[g] : -sums[g];
      bits >>= 1;
    }
    as_far += std::abs(sum) >= observed * (1 - 1e-12);
  }
  return static_cast<double>(as_far) / flips;
}

double p_value(const Interval& interval, double value) {
  if (!interval.defined()) return 1;
  const boost::math::students_t distribution(interval.degrees_of_freedom);
  const double t = std::abs(interval.estimate - value) / interval.standard_error;
  return 2 * boost::math::cdf(boost::math::complement(distribution, t));
}

double equivalence_p(const Interval& interval, double margin) {
  if (!interval.defined()) return 1;
  const boost::math::students_t distribution(interval.degrees_of_freedom);
  const double nearer = (margin - std::abs(interval.estimate)) / interval.standard_error;
  return boost::math::cdf(boost::math::complement(distribution, nearer));
}

}  // namespace earshot::statistics
