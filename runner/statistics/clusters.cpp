#include "statistics/clusters.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>
#include <unordered_map>

namespace earshot::statistics {
namespace {

/// Groups by equal labels, numbered in order of first appearance.
template <class Label>
Partition partition(std::span<const Label> labels, int sign) {
  Partition result;
  result.sign = sign;
  result.group_of.reserve(labels.size());
  std::unordered_map<Label, std::int32_t> numbers;
  for (const Label& label : labels) {
    const auto [place, added] =
        numbers.try_emplace(label, static_cast<std::int32_t>(numbers.size()));
    if (added) result.sizes.push_back(0);
    result.sizes[static_cast<std::size_t>(place->second)] += 1;
    result.group_of.push_back(place->second);
  }
  return result;
}

/// Groups of items that share a group in both.
Partition intersection(const Partition& a, const Partition& b) {
  std::vector<std::int64_t> labels(a.group_of.size());
  for (std::size_t i = 0; i < labels.size(); ++i)
    labels[i] = a.group_of[i] * b.groups() + b.group_of[i];
  return partition<std::int64_t>(labels, -a.sign);
}

bool within(const Partition& fine, const Partition& coarse) {
  return intersection(fine, coarse).groups() == fine.groups();
}

std::vector<Partition> partitions_of(std::int64_t items, const Grouping& grouping) {
  std::vector<Partition> all;
  for (const auto& dimension : grouping.dimensions) {
    if (static_cast<std::int64_t>(dimension.size()) != items)
      throw std::invalid_argument("grouping: a dimension of " + std::to_string(dimension.size()) +
                                  " items; the values are " + std::to_string(items));
    all.push_back(partition<std::int32_t>(dimension, 1));
  }
  return all;
}

}  // namespace

Clusters::Clusters(std::int64_t items, const Grouping& grouping, const Grouping& given)
    : items_(items) {
  auto all = partitions_of(items, grouping);
  const auto fixed = partitions_of(items, given);
  for (std::size_t d = 0; d < fixed.size(); ++d)
    strata_ = d == 0 ? fixed[d] : intersection(strata_, fixed[d]);
  if (!fixed.empty())
    std::erase_if(all, [&](const Partition& each) { return within(strata_, each); });
  if (all.empty()) {
    std::vector<std::int32_t> alone(static_cast<std::size_t>(items));
    std::iota(alone.begin(), alone.end(), 0);
    all.push_back(partition<std::int32_t>(alone, 1));
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Partition& a, const Partition& b) { return a.groups() < b.groups(); });
  for (auto& candidate : all) {
    const bool covered =
        std::any_of(partitions_.begin(), partitions_.end(),
                    [&](const Partition& kept) { return within(candidate, kept); });
    if (!covered) partitions_.push_back(std::move(candidate));
  }
  dimensions_ = partitions_.size();
  for (std::size_t d = 1; d < dimensions_; ++d) {
    const std::size_t before = partitions_.size();
    std::vector<Partition> added;
    for (std::size_t p = 0; p < before; ++p)
      if (p < d || p >= dimensions_) added.push_back(intersection(partitions_[p], partitions_[d]));
    std::move(added.begin(), added.end(), std::back_inserter(partitions_));
  }
  if (fixed.empty() || items == 0) return;
  const auto& coarsest = partitions_.front();
  std::vector<double> inside(strata_.sizes.size());  // groups of each stratum
  const auto both = intersection(strata_, coarsest);
  std::vector<bool> counted(both.sizes.size());
  for (std::size_t i = 0; i < both.group_of.size(); ++i) {
    const auto pair = static_cast<std::size_t>(both.group_of[i]);
    if (counted[pair]) continue;
    counted[pair] = true;
    inside[static_cast<std::size_t>(strata_.group_of[i])] += 1;
  }
  // The jackknife already counts one lost degree for all groups; each stratum loses one.
  const auto all_groups = static_cast<double>(coarsest.groups());
  for (const double groups : inside) {
    scales_.push_back(groups > 1 ? std::sqrt(groups / (groups - 1) * (all_groups - 1) / all_groups)
                                 : 0);
    taken_ += groups > 1 ? 1 : 0;
  }
  // Groups that occur in all strata lose one degree in total, groups in one stratum one for each.
  const double crossed = static_cast<double>(both.groups()) / all_groups - 1;
  taken_ = std::max(0.0, taken_ - 1 - crossed);
}

std::int64_t Clusters::fewest() const {
  return items_ == 0 ? 0
                     : partitions_.front().groups() - static_cast<std::int64_t>(std::ceil(taken_));
}

std::vector<double> Clusters::uncertain(std::span<const double> values, double mean) const {
  std::vector<double> result(values.begin(), values.end());
  if (!conditional()) return result;
  std::vector<double> means(strata_.sizes.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto stratum = static_cast<std::size_t>(strata_.group_of[i]);
    means[stratum] += values[i];
  }
  for (std::size_t stratum = 0; stratum < means.size(); ++stratum)
    means[stratum] /= strata_.sizes[stratum];
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto stratum = static_cast<std::size_t>(strata_.group_of[i]);
    if (scales_[stratum] > 0) result[i] = mean + scales_[stratum] * (values[i] - means[stratum]);
  }
  return result;
}

namespace {

std::vector<double> group_sums(std::span<const double> values, const Partition& partition) {
  std::vector<double> sums(partition.sizes.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    sums[static_cast<std::size_t>(partition.group_of[i])] += values[i];
  return sums;
}

struct Jackknife {
  double variance = 0;  ///< (G - 1) / G times the sum of squares of (mean without the group - mean)
  double degrees_of_freedom = 0;  ///< 2 variance^2 / (variance of `variance`), from fourth powers
};

Jackknife jackknife(std::span<const double> sums, const Partition& partition, double mean,
                    double n) {
  double squares = 0, fourth_powers = 0;
  for (std::size_t g = 0; g < sums.size(); ++g) {
    const double change = (sums[g] - partition.sizes[g] * mean) / (n - partition.sizes[g]);
    squares += change * change;
    fourth_powers += change * change * change * change;
  }
  const auto groups = static_cast<double>(sums.size());
  const double uncertainty = fourth_powers / (squares * squares) - 1 / groups;
  return {squares * (groups - 1) / groups, 2 / std::max(uncertainty, 1e-9)};
}

/// Share of an item's variance that is common to its group, by one-way analysis of variance (Donner
/// 1986, "A review of inference procedures for the intraclass correlation coefficient", Int. Stat.
/// Rev. 54), clamped to [0, 1].
double intraclass_correlation(std::span<const double> values, std::span<const double> sums,
                              const Partition& partition, double mean) {
  const auto n = static_cast<double>(values.size());
  const auto groups = static_cast<double>(sums.size());
  if (groups == n) return 0;
  double total = 0, between = 0, squared_sizes = 0;
  for (const double value : values)
    total += (value - mean) * (value - mean);
  for (std::size_t g = 0; g < sums.size(); ++g) {
    const double size = partition.sizes[g], deviation = sums[g] / size - mean;
    between += size * deviation * deviation;
    squared_sizes += size * size;
  }
  const double mean_between = between / (groups - 1);
  const double mean_within = std::max(0.0, total - between) / (n - groups);
  const double typical_size = (n - squared_sizes / n) / (groups - 1);
  const double common = (mean_between - mean_within) / typical_size;
  const double all = common + mean_within;
  return all > 0 ? std::clamp(common / all, 0.0, 1.0) : 0;
}

/// trace(B)^2 / trace(B^2), where B is the covariance of the jackknife's changes when groups share
/// a random effect of intraclass correlation `rho`.
double satterthwaite(const Partition& partition, double rho, double n) {
  double total = 0;
  std::vector<double> variances;
  for (const double size : partition.sizes) {
    variances.push_back(size * (1 - rho) + size * size * rho);
    total += variances.back();
  }
  // B = D (diag(v) - v w' - w v' + t w w') D with w the shares of items, D = diag(1 / (n - sizes)).
  // The diagonal is summed directly, the square of the rest (a matrix of rank two) from products.
  double trace = 0, diagonal = 0, ww = 0, wv = 0, vv = 0;
  for (std::size_t g = 0; g < variances.size(); ++g) {
    const double scale = 1 / (n - partition.sizes[g]);
    const double w = partition.sizes[g] / n * scale, v = variances[g] * scale;
    const double rest = total * w * w - 2 * w * v, own = v * scale;
    trace += own + rest;
    diagonal += own * own + 2 * own * rest;
    ww += w * w;
    wv += w * v;
    vv += v * v;
  }
  const double squares =
      diagonal + total * total * ww * ww - 4 * total * ww * wv + 2 * (ww * vv + wv * wv);
  return trace * trace / squares;
}

}  // namespace

MeanVariance mean_variance(std::span<const double> values, const Clusters& clusters) {
  const auto n = static_cast<double>(values.size());
  MeanVariance result;
  result.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  result.degrees_of_freedom = n;
  const auto uncertain = clusters.uncertain(values, result.mean);
  double largest = 0;
  for (const auto& partition : clusters.partitions()) {
    const bool single = &partition < clusters.dimensions().data() + clusters.dimensions().size();
    const auto sums = group_sums(uncertain, partition);
    const auto [variance, degrees] = jackknife(sums, partition, result.mean, n);
    result.variance += partition.sign * variance;
    if (!single) continue;
    largest = std::max(largest, variance);
    const double rho = intraclass_correlation(uncertain, sums, partition, result.mean);
    result.degrees_of_freedom =
        std::min({result.degrees_of_freedom, satterthwaite(partition, rho, n), degrees});
  }
  result.variance = std::max(result.variance, largest);
  result.degrees_of_freedom = std::max(1.0, result.degrees_of_freedom - clusters.taken());
  return result;
}

}  // namespace earshot::statistics
