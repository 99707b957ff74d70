#pragma once
#include <cstdint>
#include <vector>

#include <earshot/features.hpp>

// How far two clips are apart. If one has more frames than the other, its last ones are left out.

namespace earshot::kit {

/// For each codebook, the share of frames whose codes differ between clip `a` of one batch and clip
/// `b` of another: Q numbers in [0, 1].
/// @throws ContractError if the batches have different numbers of codebooks
std::vector<double> changed_codes(const CodeBatch& first, std::int64_t a, const CodeBatch& second,
                                  std::int64_t b);

/// Mean Euclidean distance of a frame of the one clip to the same frame of the other, in units of
/// the features; computed in float64.
/// @throws ContractError if the features have different widths
double feature_distance(const FeatureBatch& first, std::int64_t a, const FeatureBatch& second,
                        std::int64_t b);

}  // namespace earshot::kit
