#pragma once
#include <earshot/features.hpp>

namespace projections {

/// How several frames become one.
enum class Merge { average, stack };

/// What merged() makes of features of `in`: the first frame is centred between those it is made of.
/// @throws ConfigError where `in` has one vector a clip, and nothing to merge.
earshot::FeatureSpec merged_spec(const earshot::FeatureSpec& in, std::int64_t frames, Merge merge);

/// Each `frames` frames in a row as one, (B, ceil(T / frames), D) their mean or (.., frames D) one
/// behind the other. Of frames left over at a clip's end the mean is taken of those that there are;
/// stacked they are followed by zeros. What lies in the padding does not matter.
earshot::FeatureBatch merged(const earshot::FeatureBatch& features, std::int64_t frames,
                             Merge merge);

}  // namespace projections
