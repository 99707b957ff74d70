#include "frames.hpp"

#include <string>

#include <ATen/ATen.h>

namespace projections {

using earshot::FeatureBatch;
using earshot::FeatureSpec;

FeatureSpec merged_spec(const FeatureSpec& in, std::int64_t frames, Merge merge) {
  if (in.frame_rate == 0 && frames > 1)
    throw earshot::ConfigError(
        "frames is " + std::to_string(frames) +
        ", but the encoder returns one vector per clip; allowed: 1, or an encoder with frames");
  if (frames == 1) return in;
  const auto count = static_cast<double>(frames);
  return {.frame_rate = in.frame_rate / count,
          .first_frame = in.first_frame + (count - 1) / 2 / in.frame_rate,
          .dim = merge == Merge::stack ? in.dim * frames : in.dim};
}

FeatureBatch merged(const FeatureBatch& features, std::int64_t frames, Merge merge) {
  if (frames == 1) return features;
  const auto& values = features.values;
  const auto clips = values.size(0), longest = values.size(1), dim = values.size(2);
  const auto groups = (longest + frames - 1) / frames;
  const auto lengths = features.lengths.to(values.device());
  const auto valid = at::arange(longest, lengths.options()).unsqueeze(0) < lengths.unsqueeze(1);
  const auto padded = at::constant_pad_nd(values * valid.unsqueeze(2).to(values.scalar_type()),
                                          {0, 0, 0, groups * frames - longest})
                          .view({clips, groups, frames, dim});
  FeatureBatch result{.values = {},
                      .lengths = (features.lengths + (frames - 1)).div(frames, "floor"),
                      .spec = merged_spec(features.spec, frames, merge)};
  if (merge == Merge::stack) {
    result.values = padded.reshape({clips, groups, frames * dim});
  } else {
    const auto first = at::arange(groups, lengths.options()) * frames;
    const auto count = (lengths.unsqueeze(1) - first.unsqueeze(0)).clamp(1, frames);
    result.values = padded.sum(2) / count.unsqueeze(2).to(values.scalar_type());
  }
  return result;
}

}  // namespace projections
