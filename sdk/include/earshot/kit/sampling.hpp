#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <earshot/dataset.hpp>
#include <earshot/kit/random.hpp>
#include <earshot/options.hpp>

namespace earshot::kit {

/// Numbers of what belongs together: items that share a group in any dimension, directly or through
/// others, get the same number. If one number has more than half of the items, because dimensions
/// are crossed (rooms and speakers), only the dimension with most groups counts: shares of the
/// items could not be held out otherwise. `groups` are Item::groups; an item without any stands
/// alone.
std::vector<std::int64_t> linked(const std::vector<std::map<std::string, std::string>>& groups);

/// The option `n_train`: how much data does a representation need? See subsample().
OptionSpec n_train_option();

/// Draws `count` of the items, as nearly as possible the same number from each stratum; 0: all. A
/// draw is the beginning of one random order, so a smaller draw with the same seed is contained in
/// a larger one. Within a stratum, groups follow one another: except for the last group of each
/// stratum, which `count` may cut, they are included as a whole or not at all. Indices, ascending.
/// @throws ConfigError saying how many items there are if `count` is larger.
std::vector<std::int64_t> subsample(const std::vector<std::int64_t>& strata,
                                    const std::vector<std::int64_t>& groups, std::int64_t count,
                                    Random& random);

/// Two parts of the items that share no group.
struct Division {
  std::vector<std::int64_t> rest{}, held_out{};  ///< indices, ascending
};

/// Holds out about `share` of each stratum, in whole groups; at least one group if there are two.
Division hold_out(const std::vector<std::int64_t>& strata, const std::vector<std::int64_t>& groups,
                  double share, Random& random);

/// Train, validation and test splits for items that have none: about the given shares of each
/// stratum, in whole groups, drawn from `seed`.
std::vector<Split> draw_splits(const std::vector<std::int64_t>& strata,
                               const std::vector<std::int64_t>& groups, double validation,
                               double test, std::uint64_t seed);

}  // namespace earshot::kit
