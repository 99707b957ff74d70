#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "statistics/clusters.hpp"

namespace earshot::statistics {

/// How much each item contributes to a metric that is not a mean (macro F1, R2, CIDEr-D), found by
/// computing the metric again without that item. `metric + value of an item` are then numbers whose
/// mean is the metric and whose variance is that of the metric: the jackknife's pseudo-values
/// (Miller 1974, "The jackknife: a review", Biometrika 61(1)), centred. Intervals, pairing, seeds
/// and pooling thus work as for a mean of marks; for a metric that is a mean, the values are the
/// marks themselves. Nothing is random: equal items give equal numbers in every build.
///
/// If there are too many items to leave each one out, they are left out in blocks, and blocks then
/// count as the independent units (the delete-a-group jackknife: Kott 2001, J. Off. Stat. 17(4)).
///
/// The metric must be smooth: one item more or less may change it only slightly. A median is not
/// smooth; its intervals are too wide on average, and vary widely.
struct Influences {
  std::vector<double> values{};          ///< of each block; the mean over items is 0
  std::vector<std::int32_t> block_of{};  ///< block of each item

  /// Whether every item is a block by itself.
  bool single() const { return values.size() == block_of.size(); }
  /// The value of each item: its block's value spread over the block's items.
  std::vector<double> of_items() const;
  bool finite() const;
};

/// How many blocks keep chance out of a p-value. Chance enters only if there are too many items to
/// leave out one by one, through the choice of items that share a block. A variance from B blocks
/// has a relative error of sqrt(2 / (B - 1)), its standard error half of that. With t = estimate /
/// standard error and f the density of t, the error of p = 2 P(T > t) is
///
///     2 f(t) t / sqrt(2 (B - 1))   =   0.229 / sqrt(2 (B - 1)) at p = 0.05,
///
/// which is below 0.005 from B = 1,050 on.
constexpr std::int64_t enough_blocks = 1100;

/// Divides items into blocks, numbered in the order of their first items: one block for each item
/// if there are at most `most` items. Otherwise about `most` blocks of about equal size, each
/// within one group; or, if there are more groups than that, at most `most` blocks of whole groups.
/// Crossed groups are never joined, so there may be more blocks.
/// @param hashes  of each item's id; they decide which items share a block, so that it depends
/// neither on the order nor on anything else about the items
std::vector<std::int32_t> blocks(const Clusters& clusters, std::span<const std::uint64_t> hashes,
                                 std::int64_t most);

/// @param without  the metric computed without each block
Influences influences(double metric, std::span<const double> without,
                      std::vector<std::int32_t> block_of);

/// For the results file: 4 bytes a block, and 2 to 4 bytes an item if blocks hold several items.
std::string packed(const Influences& influences);
/// nullopt if the bytes are not a result of packed().
std::optional<Influences> unpacked(std::string_view bytes);

}  // namespace earshot::statistics
