#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

#include <earshot/kit/sampling.hpp>

#include "grouping.hpp"

namespace earshot::kit {

namespace {

using Numbers = std::vector<std::int64_t>;

std::int64_t largest(const Numbers& numbers) {
  std::map<std::int64_t, std::int64_t> sizes;
  std::int64_t most = 0;
  for (const auto number : numbers)
    most = std::max(most, ++sizes[number]);
  return most;
}

/// The members of each group, groups in random order.
std::vector<Numbers> shuffled(const Numbers& groups, Random& random) {
  std::map<std::int64_t, Numbers> members;
  for (std::size_t i = 0; i < groups.size(); ++i)
    members[groups[i]].push_back(static_cast<std::int64_t>(i));
  std::vector<Numbers> result;
  result.reserve(members.size());
  for (auto& [group, items] : members)
    result.push_back(std::move(items));
  for (std::size_t i = result.size(); i > 1; --i)  // Fisher-Yates
    std::swap(result[i - 1],
              result[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(i)))]);
  return result;
}

/// How many items each stratum contributes to `count`: proportional, with the largest remainders
/// rounded up.
std::map<std::int64_t, std::int64_t> quotas(const Numbers& strata, std::int64_t count) {
  std::map<std::int64_t, std::int64_t> sizes, quota;
  for (const auto stratum : strata)
    ++sizes[stratum];
  std::vector<std::pair<double, std::int64_t>> remainders;
  auto left = count;
  for (const auto& [stratum, size] : sizes) {
    const auto exact =
        static_cast<double>(count) * static_cast<double>(size) / static_cast<double>(strata.size());
    quota[stratum] = static_cast<std::int64_t>(exact);
    left -= quota[stratum];
    remainders.emplace_back(static_cast<double>(quota[stratum]) - exact, stratum);
  }
  std::sort(remainders.begin(), remainders.end());
  for (std::size_t i = 0; left > 0; ++i, --left)
    ++quota[remainders[i].second];
  return quota;
}

}  // namespace

std::vector<std::int64_t> linked(const std::vector<std::map<std::string, std::string>>& groups) {
  Grouping grouping(groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i)
    grouping.add(static_cast<std::int64_t>(i), groups[i]);
  auto parts = grouping.over_all();
  const bool divisible = 2 * largest(parts) <= std::ssize(groups);
  return divisible ? parts : grouping.over_finest();
}

OptionSpec n_train_option() {
  return {.name = "n_train",
          .value = std::int64_t{0},
          .help =
              "Train on a random subsample of this many items, balanced over classes and drawn by "
              "the cell's seed; smaller samples are part of larger ones; 0: all items",
          .unit = "items",
          .min = 0};
}

std::vector<std::int64_t> subsample(const Numbers& strata, const Numbers& groups,
                                    std::int64_t count, Random& random) {
  if (count > std::ssize(strata))
    throw ConfigError("n_train is " + std::to_string(count) + "; allowed: at most the " +
                      std::to_string(strata.size()) + " training items, or 0 for all");
  Numbers taken(strata.size());
  std::iota(taken.begin(), taken.end(), 0);
  if (count == 0) return taken;
  // The items of each stratum in the order of their groups, interleaved: the first of each, the
  // second of each, ...
  std::vector<std::tuple<std::int64_t, std::int64_t, std::int64_t>> order;  // round, turn, item
  std::map<std::int64_t, std::int64_t> rounds, turns;
  for (const auto& members : shuffled(groups, random))
    for (const auto item : members) {
      const auto stratum = strata[static_cast<std::size_t>(item)];
      const auto turn = turns.try_emplace(stratum, std::ssize(turns)).first->second;
      order.emplace_back(rounds[stratum]++, turn, item);
    }
  std::sort(order.begin(), order.end());
  taken.clear();
  for (std::int64_t i = 0; i < count; ++i)
    taken.push_back(std::get<2>(order[static_cast<std::size_t>(i)]));
  std::sort(taken.begin(), taken.end());
  return taken;
}

Division hold_out(const std::vector<std::int64_t>& strata, const std::vector<std::int64_t>& groups,
                  double share, Random& random) {
  const auto count =
      std::max<std::int64_t>(1, std::llround(share * static_cast<double>(strata.size())));
  auto open = quotas(strata, count);
  Division result;
  const auto order = shuffled(groups, random);
  for (std::size_t g = 0; g < order.size(); ++g) {
    const auto& members = order[g];
    auto after = open;
    std::size_t wanted = 0;
    for (const auto item : members) {
      auto& quota = after[strata[static_cast<std::size_t>(item)]];
      if (quota == 0) continue;
      --quota;
      ++wanted;
    }
    const bool last = g + 1 == order.size() && result.rest.empty();
    const bool hold = 2 * wanted >= members.size() && !last;
    if (hold) open = std::move(after);
    auto& part = hold ? result.held_out : result.rest;
    part.insert(part.end(), members.begin(), members.end());
  }
  std::sort(result.rest.begin(), result.rest.end());
  std::sort(result.held_out.begin(), result.held_out.end());
  return result;
}

std::vector<Split> draw_splits(const std::vector<std::int64_t>& strata,
                               const std::vector<std::int64_t>& groups, double validation,
                               double test, std::uint64_t seed) {
  std::vector<Split> splits(strata.size(), Split::train);
  Random random(derive(seed, "splits"));
  Numbers left(strata.size());
  std::iota(left.begin(), left.end(), 0);
  const auto take = [&](double share, Split split) {
    if (share <= 0 || left.empty()) return;
    Numbers left_strata, left_groups;
    for (const auto i : left) {
      left_strata.push_back(strata[static_cast<std::size_t>(i)]);
      left_groups.push_back(groups[static_cast<std::size_t>(i)]);
    }
    const auto parts = hold_out(left_strata, left_groups, share, random);
    for (const auto i : parts.held_out)
      splits[static_cast<std::size_t>(left[static_cast<std::size_t>(i)])] = split;
    Numbers rest;
    for (const auto i : parts.rest)
      rest.push_back(left[static_cast<std::size_t>(i)]);
    left = std::move(rest);
  };
  take(test, Split::test);
  take(validation / (1 - test), Split::validation);
  return splits;
}

}  // namespace earshot::kit
