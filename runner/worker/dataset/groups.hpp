#pragma once
#include <cstdint>
#include <vector>

#include <earshot/dataset.hpp>

namespace earshot::worker {

/// For each of `items` (positions in the dataset) the number of its independent part: two items
/// that share a group of any dimension are in one part. If this leaves fewer than ten parts,
/// because dimensions are crossed, the dimension with most groups alone decides: a validation split
/// is drawn from whole parts, and a few large ones would miss its share. Items without groups stand
/// alone.
std::vector<std::int64_t> independent_parts(const Dataset& dataset,
                                            const std::vector<std::int64_t>& items);

}  // namespace earshot::worker
