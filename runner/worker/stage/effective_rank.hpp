#pragma once
#include <cstdint>
#include <optional>

#include <ATen/core/Tensor.h>

#include "worker/cache/feature_reader.hpp"
#include "worker/dataset/view.hpp"

namespace earshot::worker {

/// In how many directions frames vary: exp of the entropy of their singular values, divided by the
/// values' sum, after the mean frame is taken off (Roy and Vetterli 2007, "The effective rank: a
/// measure of effective dimensionality"). From 1 to D; nothing for less than two frames, and where
/// all are alike.
/// @param frames  floating (N, D) on the CPU
std::optional<double> effective_rank(const at::Tensor& frames);

/// At most 4,096 frames of the training items' first clips: evenly spread over at most 512 of these
/// clips (4,096 where a clip is one vector), then evenly over the frames of each. The same whenever
/// it is asked for.
/// @returns float32 (N, D) on the CPU; N is 0 without readable training items.
at::Tensor sample_of_frames(const DatasetView& view, const FeatureReader& reader);

}  // namespace earshot::worker
