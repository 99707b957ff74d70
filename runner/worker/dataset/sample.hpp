#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <earshot/dataset.hpp>

namespace earshot::worker {

/// Items drawn out of a dataset.
struct Sample {
  std::vector<std::int64_t> items{};  ///< ascending
  /// By dimension (a label of classes, a slice, "split") and value: how many of the drawn items
  /// have it, and how many of all.
  std::map<std::string, std::map<std::string, std::pair<std::int64_t, std::int64_t>>> drawn{};
};

/// Draws `count` items, or all if there are fewer, so that each class of each label, each slice and
/// each split has about its share of the whole dataset: one after the other the item whose values
/// are missing most, among equal ones the first in an order drawn with `seed`.
Sample draw_sample(const Dataset& dataset, std::int64_t count, std::int64_t seed);

}  // namespace earshot::worker
