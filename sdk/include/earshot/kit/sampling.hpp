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

/// Draws `count` of the items, as near as can be the same number of each stratum; 0: all. A draw is
/// the beginning of one random order, so that a smaller one of the same seed lies within a larger
/// one. Within a stratum groups come one after the other: but for the last of each stratum, which
/// `count` may cut, they are there whole or not at all. Indices, ascending.
/// @throws ConfigError saying how many there are when `count` is more.
std::vector<std::int64_t> subsample(const std::vector<std::int64_t>& strata,
                                    const std::vector<std::int64_t>& groups, std::int64_t count,
                                    Random& random);

/// Two parts of the items that share no group.
struct Division {
  std::vector<std::int64_t> rest{}, held_out{};  ///< indices, ascending
};

/// Holds about `share` of each stratum out, in whole groups; at least one group where there are
/// two.
Division hold_out(const std::vector<std::int64_t>& strata, const std::vector<std::int64_t>& groups,
                  double share, Random& random);

/// Train, validation and test for items that come without: about the given shares of each stratum,
/// in whole groups, drawn from `seed`.
std::vector<Split> draw_splits(const std::vector<std::int64_t>& strata,
                               const std::vector<std::int64_t>& groups, double validation,
                               double test, std::uint64_t seed);

}  // namespace earshot::kit
