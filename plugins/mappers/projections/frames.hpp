#pragma once
#include <earshot/features.hpp>

namespace projections {

/// How several frames are combined into one.
enum class Merge { average, stack };

/// The spec of merged() for features of `in`: the first frame is at the centre of the frames that
/// it combines.
/// @throws ConfigError if `in` has one vector per clip, and nothing to merge.
earshot::FeatureSpec merged_spec(const earshot::FeatureSpec& in, std::int64_t frames, Merge merge);

/// Combines every `frames` consecutive frames into one: (B, ceil(T / frames), D) for their mean,
/// (.., frames D) for concatenation. At a clip's end, the mean is taken over the remaining frames;
/// concatenated ones are followed by zeros. The content of the padding does not matter.
earshot::FeatureBatch merged(const earshot::FeatureBatch& features, std::int64_t frames,
                             Merge merge);

}  // namespace projections
