#include "host/analyse/evidence.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>

#include "host/analyse/text.hpp"
#include "protocol/nearest.hpp"
#include "statistics/influence.hpp"
#include "statistics/paired.hpp"

namespace earshot::host {
namespace {

using Seeds = std::vector<std::vector<PairOfRuns>>;  // by seed, its folds in order

/// The pairs by seed. Keeps the first seed with the most folds and all seeds with the same folds:
/// other folds cover other items.
Seeds complete_seeds(const Condition& condition) {
  std::map<std::int64_t, std::map<std::int64_t, PairOfRuns>> by_seed;
  for (const auto& pair : condition.pairs)
    by_seed[pair.seed].emplace(pair.fold, pair);
  const auto most = std::max_element(by_seed.begin(), by_seed.end(), [](auto& a, auto& b) {
    return a.second.size() < b.second.size();
  });
  Seeds seeds;
  for (const auto& [seed, of_seed] : by_seed) {
    const bool same =
        std::equal(of_seed.begin(), of_seed.end(), most->second.begin(), most->second.end(),
                   [](auto& a, auto& b) { return a.first == b.first; });
    if (!same) continue;
    auto& pairs = seeds.emplace_back();
    for (const auto& [fold, pair] : of_seed)
      pairs.push_back(pair);
  }
  return seeds;
}

/// Values of the marks of `items`; both lists are ascending.
template <class Mark>
std::vector<double> values_at(const std::vector<Mark>& marks,
                              const std::vector<std::int64_t>& items) {
  std::vector<double> values;
  values.reserve(items.size());
  auto mark = marks.begin();
  for (const auto item : items) {
    while (mark->item < item)
      ++mark;
    values.push_back(mark->value);
  }
  return values;
}

struct Score {
  double value = std::numeric_limits<double>::quiet_NaN();
  std::int64_t n = 0;
  std::optional<statistics::Influences> influences{};
  std::string missing = "a run lacks this score";  ///< why there are none
};

Score read_score(const Observations& observations, std::int64_t run, const std::string& metric,
                 const SliceNames& slices) {
  if (slices.size() > 1) return {};  // runs store no scores of combined slices
  const auto recorded =
      observations.score(run, metric, slices.empty() ? SliceName{"all", "all"} : slices.front());
  if (!recorded) return {};
  Score score{.value = recorded->value, .n = recorded->n, .missing = recorded->no_interval};
  if (recorded->influences) {
    score.influences = statistics::unpacked(*recorded->influences);
    score.missing = "another version of Earshot scored it; run the experiment again";
  }
  return score;
}

/// candidate - base of each item's contribution in one fold, for `items` items; `why` says why
/// there are none.
std::vector<double> differences_of(const Score& base, const Score& candidate, std::size_t items,
                                   std::string& why) {
  if (!why.empty()) return {};
  if (!base.influences || !candidate.influences) {
    why = base.influences ? candidate.missing : base.missing;
    if (why.empty()) why = "a run has not stored the contributions of items to the score";
  }
  if (why.empty() && (base.influences->block_of.size() != items ||
                      base.influences->block_of != candidate.influences->block_of))
    why = "the runs scored different items";
  if (!why.empty()) return {};
  auto differences = candidate.influences->of_items();
  const auto of_base = base.influences->of_items();
  for (std::size_t i = 0; i < items; ++i)
    differences[i] += candidate.value - base.value - of_base[i];
  return differences;
}

}  // namespace

const std::vector<ItemTraits>& Evidence::items(std::int64_t dataset) {
  const auto [place, is_new] = items_.try_emplace(dataset);
  auto& items = place->second;
  if (!is_new) return items;
  items = observations_->items(dataset);
  const auto prefix = std::to_string(dataset) + "/";
  std::set<std::string> dimensions;
  for (auto& item : items)
    for (auto& [dimension, group] : item.groups) {
      group.insert(0, prefix);
      dimensions.insert(dimension);
    }
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto itself = prefix + "#" + std::to_string(i);
    for (const auto& dimension : dimensions)
      items[i].groups.try_emplace(dimension, itself);
    items[i].groups[""] = itself;
  }
  return items;
}

const std::vector<Mark>& Evidence::marks(std::int64_t run, const std::string& metric) {
  const auto [place, is_new] = marks_.try_emplace({run, metric});
  if (is_new) place->second = observations_->marks(run, metric);
  return place->second;
}

const std::vector<std::int64_t>& Evidence::predicted(std::int64_t run) {
  const auto [place, is_new] = predicted_.try_emplace(run);
  if (is_new) place->second = observations_->predicted(run);
  return place->second;
}

bool Evidence::within(const Condition& condition, std::int64_t item, const SliceNames& slices) {
  const auto& known = items(condition.dataset_id);
  if (static_cast<std::size_t>(item) >= known.size()) return false;
  const auto& own = known[static_cast<std::size_t>(item)].slices;
  return std::all_of(slices.begin(), slices.end(), [&](const SliceName& slice) {
    const auto found = own.find(slice.dimension);
    return found != own.end() &&
           std::find(found->second.begin(), found->second.end(), slice.name) != found->second.end();
  });
}

/// Reads the metric's definition; sets a problem if the metrics of that name in the runs differ.
void Evidence::read_definition(Sample& sample, const Condition& condition,
                               bool allow_different_scoring) {
  std::set<std::string> versions, kinds;
  for (const auto& pair : condition.pairs)
    for (const auto run : {pair.base, pair.candidate}) {
      const auto known = observations_->definition(run, sample.metric);
      if (!known) continue;
      sample.kind = known->kind;
      sample.unit = known->unit;
      sample.higher_is_better = known->higher_is_better;
      kinds.insert(known->kind + "/" + known->unit + (known->higher_is_better ? "/up" : "/down"));
      versions.insert(std::to_string(known->version));
    }
  if (kinds.size() > 1) {
    sample.problem = "the metric '" + sample.metric + "' is not the same on both sides";
    return;
  }
  std::vector<std::string> differences;
  if (!condition.scoring.empty()) differences.push_back("by different rules, " + condition.scoring);
  if (versions.size() > 1)
    differences.push_back("by versions " + protocol::join({versions.begin(), versions.end()}) +
                          " of " + sample.metric);
  if (differences.empty()) return;
  const auto text = "scored " + protocol::join(differences);
  if (allow_different_scoring)
    sample.notes.push_back(text);
  else
    sample.problem = text;
}

namespace {

/// The number of items that not all runs have, and which side has them.
struct LeftOut {
  std::int64_t only_base = 0, only_candidate = 0, some_seeds = 0;

  void count(bool all_base, bool any_base, bool all_candidate, bool any_candidate) {
    if (all_base && !any_candidate)
      ++only_base;
    else if (all_candidate && !any_base)
      ++only_candidate;
    else
      ++some_seeds;
  }
  void note(std::vector<std::string>& notes, const Condition& condition) const {
    const auto say = [&](std::int64_t items, const std::string& who) {
      if (items > 0) notes.push_back(count_text(items, "item") + " left out that " + who);
    };
    say(only_base, "only " + condition.base + " has");
    say(only_candidate, "only " + condition.candidate + " has");
    say(some_seeds, "not all seeds have");
  }
};

}  // namespace

void Evidence::add_means(Sample& sample, const Condition& condition, const SliceNames& slices,
                         const Seeds& seeds) {
  const auto& known = items(condition.dataset_id);
  sample.base.assign(seeds.size(), 0);
  sample.candidate.assign(seeds.size(), 0);
  sample.differences.resize(seeds.size());
  LeftOut left_out;
  for (std::size_t f = 0; f < seeds.front().size(); ++f) {
    std::vector<const std::vector<Mark>*> sides;  // base and candidate of each seed in turn
    for (const auto& pairs : seeds)
      for (const auto run : {pairs[f].base, pairs[f].candidate})
        sides.push_back(&marks(run, sample.metric));
    std::vector<std::size_t> base_has(known.size()), candidate_has(known.size());
    for (std::size_t side = 0; side < sides.size(); ++side)
      for (const auto& mark : *sides[side])
        ++(side % 2 == 0 ? base_has : candidate_has).at(static_cast<std::size_t>(mark.item));
    std::vector<std::int64_t> common;
    for (std::int64_t item = 0; item < static_cast<std::int64_t>(known.size()); ++item) {
      const auto base = base_has[static_cast<std::size_t>(item)];
      const auto candidate = candidate_has[static_cast<std::size_t>(item)];
      if (base + candidate == 0 || !within(condition, item, slices)) continue;
      if (base + candidate == sides.size()) {
        common.push_back(item);
        sample.items.push_back(&known[static_cast<std::size_t>(item)].groups);
      } else {
        left_out.count(base == seeds.size(), base > 0, candidate == seeds.size(), candidate > 0);
      }
    }
    for (std::size_t s = 0; s < seeds.size(); ++s) {
      const auto base = values_at(*sides[2 * s], common);
      const auto candidate = values_at(*sides[2 * s + 1], common);
      for (std::size_t i = 0; i < common.size(); ++i) {
        sample.base[s] += base[i];
        sample.candidate[s] += candidate[i];
        sample.differences[s].push_back(candidate[i] - base[i]);
      }
    }
  }
  left_out.note(sample.notes, condition);
  const auto n = static_cast<double>(sample.items.size());
  for (auto* sums : {&sample.base, &sample.candidate})
    for (double& sum : *sums)
      sum /= n;
}

std::vector<std::int64_t> Evidence::scored_items(const Condition& condition, std::int64_t run,
                                                 const SliceNames& slices) {
  auto chosen = predicted(run);
  std::erase_if(chosen, [&](std::int64_t item) { return !within(condition, item, slices); });
  return chosen;
}

/// Score of a seed: the unweighted mean over its folds.
void Evidence::add_scores(Sample& sample, const Condition& condition, const SliceNames& slices,
                          const Seeds& seeds) {
  const auto& known = items(condition.dataset_id);
  std::vector<std::string> blocks;  // block of each item; "" if it has none
  for (const auto& pairs : seeds) {
    const bool first = &pairs == &seeds.front();
    std::vector<statistics::Part> folds;
    double base = 0, candidate = 0;
    const double share = 1 / static_cast<double>(pairs.size());
    for (std::size_t f = 0; f < pairs.size(); ++f) {
      const auto of_base = read_score(*observations_, pairs[f].base, sample.metric, slices);
      const auto of_candidate =
          read_score(*observations_, pairs[f].candidate, sample.metric, slices);
      base += share * of_base.value;
      candidate += share * of_candidate.value;
      const auto& all = predicted(pairs[f].base);
      if (all != predicted(pairs[f].candidate) || all != predicted(seeds[0][f].base))
        sample.unpaired = "the runs scored different items";
      if (slices.size() > 1) sample.unpaired = "runs do not store scores of combined slices";
      const auto chosen = scored_items(condition, pairs[f].base, slices);
      auto row = differences_of(of_base, of_candidate, chosen.size(), sample.unpaired);
      folds.push_back({.differences = {std::move(row)}, .weight = share});
      if (!first) continue;
      sample.scored += of_base.n;
      for (std::size_t i = 0; i < chosen.size(); ++i) {
        sample.items.push_back(&known[static_cast<std::size_t>(chosen[i])].groups);
        blocks.push_back(sample.unpaired.empty() && !of_base.influences->single()
                             ? std::to_string(f) + "/" +
                                   std::to_string(of_base.influences->block_of[i])
                             : "");
      }
    }
    sample.base.push_back(base);
    sample.candidate.push_back(candidate);
    if (sample.unpaired.empty())
      sample.differences.push_back(statistics::weighted_sum(folds).front());
  }
  if (sample.kind == "report" || !sample.unpaired.empty()) sample.differences.clear();
  if (sample.kind == "score" && !sample.unpaired.empty()) sample.notes.push_back(sample.unpaired);
  add_blocks(sample, blocks);
}

void Evidence::add_blocks(Sample& sample, const std::vector<std::string>& blocks) const {
  if (std::all_of(blocks.begin(), blocks.end(), [](const auto& name) { return name.empty(); }))
    return;
  sample.own_groups = std::make_shared<std::vector<ItemGroups>>();
  sample.own_groups->reserve(sample.items.size());
  for (std::size_t i = 0; i < sample.items.size(); ++i) {
    auto& groups = sample.own_groups->emplace_back(*sample.items[i]);
    const auto& itself = groups.at("");  // this name contains the dataset, too
    groups["block"] =
        blocks[i].empty() ? itself : itself.substr(0, itself.find('#')) + "block " + blocks[i];
    sample.items[i] = &groups;
  }
}

/// Notes how many items only one side was scored on.
void Evidence::note_unshared(Sample& sample, const Condition& condition, const SliceNames& slices,
                             const std::vector<PairOfRuns>& folds) {
  LeftOut left_out;
  for (const auto& pair : folds) {
    const auto &of_base = predicted(pair.base), &of_candidate = predicted(pair.candidate);
    std::vector<std::int64_t> unshared;
    std::set_symmetric_difference(of_base.begin(), of_base.end(), of_candidate.begin(),
                                  of_candidate.end(), std::back_inserter(unshared));
    for (const auto item : unshared) {
      if (!within(condition, item, slices)) continue;
      const bool base = std::binary_search(of_base.begin(), of_base.end(), item);
      left_out.count(base, base, !base, !base);
    }
  }
  left_out.note(sample.notes, condition);
}

Sample Evidence::sample(const Condition& condition, const std::string& metric,
                        const SliceNames& slices, bool allow_different_scoring) {
  Sample sample{.metric = metric,
                .problem = condition.problem,
                .missing = condition.missing,
                .notes = condition.notes};
  const auto seeds = complete_seeds(condition);
  if (seeds.empty() || !sample.problem.empty()) return sample;
  std::size_t used = 0;
  for (const auto& pairs : seeds) {
    sample.seeds.push_back(pairs.front().seed);
    used += pairs.size();
  }
  if (const auto left_out = static_cast<std::int64_t>(condition.pairs.size() - used); left_out > 0)
    sample.notes.push_back(count_text(left_out, "finished pair") +
                           " of runs left out: seeds with missing folds");
  read_definition(sample, condition, allow_different_scoring);
  if (!sample.problem.empty()) return sample;
  if (sample.kind == "mean") add_means(sample, condition, slices, seeds);
  if (sample.kind == "score" || sample.kind == "report") {
    add_scores(sample, condition, slices, seeds);
    note_unshared(sample, condition, slices, seeds.front());
  }
  return sample;
}

std::vector<std::string> Evidence::groupings(const Condition& condition) {
  std::set<std::string> names;
  for (const auto& item : items(condition.dataset_id))
    for (const auto& [dimension, group] : item.groups)
      if (!dimension.empty()) names.insert(dimension);
  return {names.begin(), names.end()};
}

std::vector<SliceNames> Evidence::slices(const Condition& condition,
                                         const std::vector<std::string>& dimensions) {
  std::set<std::vector<std::string>> found;
  const auto& known = items(condition.dataset_id);
  for (const auto& pair : condition.pairs)
    for (const auto item : predicted(pair.base)) {
      if (static_cast<std::size_t>(item) >= known.size()) continue;
      const auto& own = known[static_cast<std::size_t>(item)].slices;
      std::vector<std::vector<std::string>> combinations{{}};
      for (const auto& dimension : dimensions) {
        std::vector<std::vector<std::string>> longer;
        if (const auto names = own.find(dimension); names != own.end())
          for (const auto& name : names->second)
            for (auto combination : combinations) {
              combination.push_back(name);
              longer.push_back(std::move(combination));
            }
        combinations = std::move(longer);
      }
      found.insert(combinations.begin(), combinations.end());
    }
  std::vector<SliceNames> result;
  for (const auto& names : found) {
    auto& slices = result.emplace_back();
    for (std::size_t i = 0; i < names.size(); ++i)
      slices.push_back({dimensions[i], names[i]});
  }
  return result;
}

std::vector<std::string> Evidence::dimensions(const Condition& condition) {
  std::set<std::string> names;
  for (const auto& item : items(condition.dataset_id))
    for (const auto& [dimension, slices] : item.slices)
      names.insert(dimension);
  return {names.begin(), names.end()};
}

}  // namespace earshot::host
