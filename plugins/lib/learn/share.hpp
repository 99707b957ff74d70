#pragma once
#include <cstdint>
#include <vector>

namespace earshot::kit {

/// The part of every batch that one of several processes computes: consecutive items, and of equal
/// number in all processes, or one more in some.
struct Share {
  std::int64_t index = 0, count = 1;

  /// The place in a batch of `size` items where it begins; share `count` begins at its end.
  std::int64_t begin(std::int64_t size) const { return size * index / count; }

  /// Its items of a batch. @throws ConfigError if the batch has fewer items than there are shares.
  std::vector<std::int64_t> of(const std::vector<std::int64_t>& batch) const;
};

}  // namespace earshot::kit
