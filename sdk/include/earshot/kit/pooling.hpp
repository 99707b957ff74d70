#pragma once
#include <earshot/trial.hpp>

namespace earshot::kit {

/// How the frames of a clip become one vector; std is the population standard deviation.
enum class Pooling { mean, mean_std, max };

inline constexpr const char* pooling_names[] = {"mean", "mean_std", "max"};
Pooling pooling_of(const std::string& name);

/// Pools the valid frames of each clip of a batch: float64 (B, D) on the CPU, mean_std (B, 2 D).
/// Features that are one vector a clip have no spread: mean_std leaves them as they are.
at::Tensor pool(const FeatureBatch& features, Pooling pooling);

/// The pooled features of clip 0 of `items`, in their order, read in small batches.
at::Tensor pooled_features(Trial& trial, Split split, at::IntArrayRef items, Pooling pooling);

}  // namespace earshot::kit
