#include "host/analyse/difference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "statistics/interval.hpp"

namespace earshot::host {
namespace {

using statistics::Clusters;
using Rows = std::vector<std::vector<double>>;

Clusters clusters_of(const std::vector<const ItemGroups*>& items) {
  return {static_cast<std::int64_t>(items.size()), statistics::grouping_of(items)};
}

std::vector<const ItemGroups*> all_items(std::span<const Sample> samples) {
  std::vector<const ItemGroups*> items;
  for (const auto& sample : samples)
    items.insert(items.end(), sample.items.begin(), sample.items.end());
  return items;
}

std::vector<std::int64_t> common_seeds(std::span<const Sample> samples) {
  auto seeds = samples.front().seeds;
  for (const auto& sample : samples)
    std::erase_if(seeds, [&](std::int64_t seed) {
      return std::find(sample.seeds.begin(), sample.seeds.end(), seed) == sample.seeds.end();
    });
  return seeds;
}

std::size_t place_of(const Sample& sample, std::int64_t seed) {
  return static_cast<std::size_t>(std::find(sample.seeds.begin(), sample.seeds.end(), seed) -
                                  sample.seeds.begin());
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values)
    sum += value;
  return sum / static_cast<double>(values.size());
}

/// The items of all samples in a row, by seed. Their mean is the mean of the samples' means, and an
/// item counts by its distance from the mean of its own sample.
Rows pooled(std::span<const Sample> samples, const std::vector<std::int64_t>& seeds) {
  Rows rows;
  std::size_t items = 0;
  for (const auto& sample : samples)
    items += sample.items.size();
  for (const auto seed : seeds) {
    auto& row = rows.emplace_back();
    if (samples.size() == 1) {
      row = samples.front().differences[place_of(samples.front(), seed)];
      continue;
    }
    double center = 0;
    for (const auto& sample : samples)
      center +=
          mean_of(sample.differences[place_of(sample, seed)]) / static_cast<double>(samples.size());
    for (const auto& sample : samples) {
      const auto& own = sample.differences[place_of(sample, seed)];
      const double weight =
          static_cast<double>(items) / static_cast<double>(own.size() * samples.size());
      const double mean = mean_of(own);
      for (const double value : own)
        row.push_back(center + weight * (value - mean));
    }
  }
  return rows;
}

void compare_means(Difference& result, std::span<const Sample> samples,
                   const std::vector<std::int64_t>& seeds) {
  result.method = "cluster jackknife";
  const auto clusters = clusters_of(all_items(samples));
  result.groups = clusters.fewest();
  auto paired = statistics::paired_difference(pooled(samples, seeds), clusters);
  result.interval = paired.interval;
  result.sign_flip_p = paired.sign_flip_p;
  result.mcnemar_p = paired.mcnemar_p;
}

/// Draws of samples of the same items are the same draws; those of others are independent.
void compare_scores(Difference& result, std::span<const Sample> samples,
                    const std::vector<std::int64_t>& seeds) {
  result.method = "cluster bootstrap";
  const auto slice = clusters_of(all_items(samples));
  const auto drawn = clusters_of(samples.front().drawn);
  result.groups = slice.fewest();
  const double share = 1 / static_cast<double>(samples.size());
  std::size_t draws = std::numeric_limits<std::size_t>::max();
  for (const auto& sample : samples) {
    if (sample.replicates.empty()) draws = 0;
    for (const auto& row : sample.replicates)
      draws = std::min(draws, row.size());
    if (clusters_of(sample.drawn).partitions().size() != drawn.partitions().size()) draws = 0;
  }
  std::vector<double> estimates;
  Rows replicates;
  for (const auto seed : seeds) {
    auto& estimate = estimates.emplace_back(0);
    auto& row = replicates.emplace_back(draws, 0.0);
    for (const auto& sample : samples) {
      const auto place = place_of(sample, seed);
      estimate += share * (sample.candidate[place] - sample.base[place]);
      for (std::size_t r = 0; r < draws; ++r)
        row[r] += share * sample.replicates[place][r];
    }
  }
  if (samples.front().kind == "report")
    result.interval = statistics::no_interval(mean_of(estimates), "a number about the whole run");
  else
    result.interval = statistics::paired_replicates(estimates, replicates, drawn, slice);
}

}  // namespace

Difference difference(std::span<const Sample> samples) {
  const auto& first = samples.front();
  Difference result{
      .metric = first.metric, .unit = first.unit, .higher_is_better = first.higher_is_better};
  const auto seeds = common_seeds(samples);
  result.seeds = static_cast<std::int64_t>(seeds.size());
  for (const auto& sample : samples) {
    result.items += static_cast<std::int64_t>(sample.items.size());
    result.missing += sample.missing;
    for (const auto& note : sample.notes)
      if (std::find(result.notes.begin(), result.notes.end(), note) == result.notes.end())
        result.notes.push_back(note);
  }
  const auto undefined = [&](const std::string& why) {
    result.base = result.candidate = std::numeric_limits<double>::quiet_NaN();
    result.interval = statistics::no_interval(result.base, why);
    return result;
  };
  if (seeds.empty()) return undefined("no pair of finished runs");
  for (const auto& sample : samples) {
    if (sample.kind != first.kind) return undefined("the metric is of another kind in each task");
    if (sample.kind.empty()) return undefined("the runs have no metric '" + first.metric + "'");
    if (sample.kind == "mean" && sample.items.empty()) return undefined("no items in common");
  }
  for (const auto& sample : samples)
    for (const auto seed : seeds) {
      const double share = 1 / static_cast<double>(seeds.size() * samples.size());
      result.base += share * sample.base[place_of(sample, seed)];
      result.candidate += share * sample.candidate[place_of(sample, seed)];
    }
  if (first.kind == "mean")
    compare_means(result, samples, seeds);
  else
    compare_scores(result, samples, seeds);
  return result;
}

}  // namespace earshot::host
