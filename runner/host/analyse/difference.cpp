#include "host/analyse/difference.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "statistics/interval.hpp"

namespace earshot::host {
namespace {

using statistics::Clusters;
using Given = std::vector<std::string>;

/// A sample and its weight in the sum.
struct Weighted {
  const Sample* sample = nullptr;
  double weight = 1;
};
using Samples = std::vector<Weighted>;

void add(Samples& all, std::span<const Sample> samples, double weight) {
  for (const auto& sample : samples)
    all.push_back({&sample, weight / static_cast<double>(samples.size())});
}

/// Groups of the given dimensions, kept apart between samples: each has its own mean.
statistics::Grouping strata(const Samples& samples, const Given& given) {
  std::vector<ItemGroups> chosen;
  for (std::size_t s = 0; s < samples.size(); ++s)
    for (const auto* item : samples[s].sample->items) {
      auto& groups = chosen.emplace_back();
      for (const auto& dimension : given)
        if (const auto own = item->find(dimension); own != item->end())
          groups.emplace(dimension, own->second);
      if (!groups.empty()) groups.emplace("", std::to_string(s));
    }
  if (std::all_of(chosen.begin(), chosen.end(), [](const auto& own) { return own.empty(); }))
    return {};
  std::vector<const ItemGroups*> items;
  for (const auto& groups : chosen)
    items.push_back(&groups);
  return statistics::grouping_of(items);
}

Clusters clusters_of(const Samples& samples, const Given& given) {
  std::vector<const ItemGroups*> items;
  for (const auto& [sample, weight] : samples)
    items.insert(items.end(), sample->items.begin(), sample->items.end());
  return {static_cast<std::int64_t>(items.size()), statistics::grouping_of(items),
          strata(samples, given)};
}

std::vector<std::int64_t> common_seeds(const Samples& samples) {
  auto seeds = samples.front().sample->seeds;
  for (const auto& [sample, weight] : samples)
    std::erase_if(seeds, [&](std::int64_t seed) {
      return std::find(sample->seeds.begin(), sample->seeds.end(), seed) == sample->seeds.end();
    });
  return seeds;
}

std::size_t place_of(const Sample& sample, std::int64_t seed) {
  return static_cast<std::size_t>(std::find(sample.seeds.begin(), sample.seeds.end(), seed) -
                                  sample.seeds.begin());
}

/// What prevents the items of a sample from being paired.
std::string obstacle(const Samples& samples) {
  for (const auto& [sample, weight] : samples) {
    if (sample->kind == "report") return "a metric of the whole run";
    if (sample->kind == "score" && !sample->unpaired.empty()) return sample->unpaired;
  }
  return "";
}

void compare_items(Difference& result, const Samples& samples,
                   const std::vector<std::int64_t>& seeds, const Given& given) {
  std::vector<statistics::Part> parts;
  for (const auto& [sample, weight] : samples) {
    auto& part = parts.emplace_back();
    part.weight = weight;
    for (const auto seed : seeds)
      part.differences.push_back(sample->differences[place_of(*sample, seed)]);
  }
  const auto clusters = clusters_of(samples, given);
  const auto rows = statistics::weighted_sum(parts);
  result.method = clusters.conditional() ? "jackknife within strata" : "cluster jackknife";
  result.groups = clusters.dimensions().front().groups();
  if (samples.front().sample->kind == "score") {
    result.interval = statistics::paired_mean(rows, clusters);
    return;
  }
  auto paired = statistics::paired_difference(rows, clusters);
  result.interval = paired.interval;
  if (!given.empty()) return;
  result.sign_flip_p = paired.sign_flip_p;
  result.mcnemar_p = paired.mcnemar_p;
}

/// Metric, counts and notes of the samples.
Difference described(const Samples& samples) {
  const auto& first = *samples.front().sample;
  Difference result{
      .metric = first.metric, .unit = first.unit, .higher_is_better = first.higher_is_better};
  for (const auto& [sample, weight] : samples) {
    result.items +=
        sample->kind == "score" ? sample->scored : static_cast<std::int64_t>(sample->items.size());
    result.missing += sample->missing;
    for (const auto& note : sample->notes)
      if (std::find(result.notes.begin(), result.notes.end(), note) == result.notes.end())
        result.notes.push_back(note);
  }
  return result;
}

std::string undefined(const Samples& samples, const std::vector<std::int64_t>& seeds) {
  const auto& first = *samples.front().sample;
  if (seeds.empty()) return "no pair of finished runs";
  for (const auto& [sample, weight] : samples) {
    if (sample->kind != first.kind) return "the metric is of a different kind in each task";
    if (sample->kind.empty()) return "the runs have no metric '" + first.metric + "'";
    if (sample->kind == "mean" && sample->items.empty()) return "no items in common";
  }
  return "";
}

/// The weighted sum of the samples' differences with its interval; the values of the two sides are
/// not set yet.
Difference weighted(const Samples& samples, const std::vector<std::int64_t>& seeds,
                    const Given& given) {
  auto result = described(samples);
  result.seeds = static_cast<std::int64_t>(seeds.size());
  result.base = result.candidate = std::numeric_limits<double>::quiet_NaN();
  result.interval = statistics::no_interval(result.base, undefined(samples, seeds));
  if (!result.interval.defined()) return result;
  const auto why = obstacle(samples);
  if (why.empty()) {
    compare_items(result, samples, seeds, given);
    return result;
  }
  double estimate = 0;
  for (const auto& [sample, weight] : samples)
    for (const auto seed : seeds) {
      const auto place = place_of(*sample, seed);
      estimate += weight * (sample->candidate[place] - sample->base[place]) /
                  static_cast<double>(seeds.size());
    }
  result.interval = statistics::no_interval(estimate, why);
  return result;
}

/// Mean of one side, or of candidate - base, over samples and seeds.
template <class SideOf>
double mean_side(std::span<const Sample> samples, const std::vector<std::int64_t>& seeds,
                 SideOf side_of) {
  double sum = 0;
  for (const auto& sample : samples)
    for (const auto seed : seeds)
      sum += side_of(sample, place_of(sample, seed));
  return sum / static_cast<double>(samples.size() * seeds.size());
}

}  // namespace

Difference difference(std::span<const Sample> samples, const Given& given) {
  Samples all;
  add(all, samples, 1);
  const auto seeds = common_seeds(all);
  auto result = weighted(all, seeds, given);
  if (!undefined(all, seeds).empty()) return result;
  result.base = mean_side(
      samples, seeds, [](const Sample& sample, std::size_t place) { return sample.base[place]; });
  result.candidate = mean_side(samples, seeds, [](const Sample& sample, std::size_t place) {
    return sample.candidate[place];
  });
  return result;
}

Difference interaction(std::span<const Sample> first, std::span<const Sample> second,
                       const Given& given) {
  Samples all;
  add(all, first, -1);
  add(all, second, 1);
  const auto seeds = common_seeds(all);
  auto result = weighted(all, seeds, given);
  if (!undefined(all, seeds).empty()) return result;
  const auto gap = [](const Sample& sample, std::size_t place) {
    return sample.candidate[place] - sample.base[place];
  };
  result.base = mean_side(first, seeds, gap);
  result.candidate = mean_side(second, seeds, gap);
  return result;
}

}  // namespace earshot::host
