#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "statistics/clusters.hpp"

namespace earshot::statistics {

/// How much each item moves a metric that is no mean (macro F1, R2, CIDEr-D), found by computing
/// the metric again without it. `metric + value of an item` are then numbers of which the metric is
/// the mean and whose variance is the metric's: the jackknife's pseudo-values (Miller 1974, "The
/// jackknife: a review", Biometrika 61(1)), centred. So such a metric has the intervals, pairing,
/// seeds and pooling of a mean of marks; of a metric that is a mean they are the marks themselves.
/// Nothing is drawn: equal items give equal numbers, whatever the build.
///
/// Where there are too many items to leave each out, they are left out in blocks, and a block is
/// then what counts as independent (the delete-a-group jackknife: Kott 2001, J. Off. Stat. 17(4)).
///
/// The metric must be smooth: one item more or less may change it only a little. A median is not;
/// its intervals come out too wide on average, and vary much.
struct Influences {
  std::vector<double> values{};          ///< of each block; their mean over items is 0
  std::vector<std::int32_t> block_of{};  ///< of each item

  /// Whether every item is a block of its own.
  bool single() const { return values.size() == block_of.size(); }
  /// Block by block spread over the items.
  std::vector<double> of_items() const;
  bool finite() const;
};

/// How many blocks keep chance out of a p-value. Only where items are too many to be left out one
/// by one does chance come in, by which items share a block. A variance from B blocks has a
/// relative error of sqrt(2 / (B - 1)), its standard error half of that. With t = estimate /
/// standard error and the density f of t, p = 2 P(T > t) then has the error
///
///     2 f(t) t / sqrt(2 (B - 1))   =   0.229 / sqrt(2 (B - 1)) at p = 0.05,
///
/// below 0.005 from B = 1,050 on.
constexpr std::int64_t enough_blocks = 1100;

/// Divides items into blocks, numbered in the order of their first items: each item alone when
/// there are at most `most`. Else about `most` blocks of about equal size, each within one group;
/// or, when there are more groups than that, at most `most` blocks of whole groups. Groups that
/// cross are never joined, so that there may be more blocks.
/// @param hashes  of each item's id; they decide which share a block, so that neither the order nor
///                anything else about the items does
std::vector<std::int32_t> blocks(const Clusters& clusters, std::span<const std::uint64_t> hashes,
                                 std::int64_t most);

/// @param without  the metric without each block
Influences influences(double metric, std::span<const double> without,
                      std::vector<std::int32_t> block_of);

/// For the results file: 4 bytes a block, and 2 to 4 an item where blocks are of several.
std::string packed(const Influences& influences);
/// None when the bytes are not what packed() gives.
std::optional<Influences> unpacked(std::string_view bytes);

}  // namespace earshot::statistics
