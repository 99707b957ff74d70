#pragma once
#include <earshot/options.hpp>
#include <earshot/trial.hpp>

namespace earshot::kit {

/// How the frames of a clip are combined into one vector; std is the population standard deviation.
enum class Pooling { mean, mean_std, max };

inline constexpr const char* pooling_names[] = {"mean", "mean_std", "max"};
Pooling pooling_of(const std::string& name);

/// Pools the valid frames of each clip of a batch: float64 (B, D) on the CPU, (B, 2 D) for
/// mean_std. Features with one vector per clip have no spread: mean_std leaves them unchanged.
at::Tensor pool(const FeatureBatch& features, Pooling pooling);

/// The option `tokens`, to compare encoders of different frame rates: see at_most_frames().
OptionSpec tokens_option();

/// The same clips with at most `frames` frames each: in a clip of T > frames, frame i is the mean
/// of frames floor(i T / frames) up to ceil((i + 1) T / frames), as in PyTorch's
/// adaptive_avg_pool1d; clips with fewer frames are unchanged, none is ever lengthened. 0: all
/// unchanged. Each clip is reduced by its own valid frames, on the features' device. The spec keeps
/// its frame rate, which is then an upper limit; with `frames` = 1 it becomes 0: one vector per
/// clip.
FeatureBatch at_most_frames(const FeatureBatch& features, std::int64_t frames);

/// The pooled features of clip 0 of each of `items`, in their order, read in small batches, after
/// at_most_frames(`tokens`).
at::Tensor pooled_features(Trial& trial, Split split, at::IntArrayRef items, Pooling pooling,
                           std::int64_t tokens = 0);

}  // namespace earshot::kit
