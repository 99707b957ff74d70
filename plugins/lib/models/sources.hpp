#pragma once
#include <span>

#include <earshot/reader.hpp>

// For readers of one other encoder, or of each of several: its time grid, and its features or
// codes, checked.

namespace earshot::kit {

/// The grid of the only source. @throws ConfigError if there are several, or if it gives the other
/// kind, naming what is needed.
const FeatureSpec& only_features(std::span<const SourceSpec> sources);
const CodeSpec& only_codes(std::span<const SourceSpec> sources);

/// What the only source gave for a batch, on the grid with which the reader was connected.
/// @throws ContractError
const FeatureBatch& only_features(std::span<const SourceBatch> sources, const FeatureSpec& grid);
const CodeBatch& only_codes(std::span<const SourceBatch> sources, const CodeSpec& grid);

/// The mean of each clip's valid frames: float32 (B, D). @throws ContractError for a malformed
/// batch
at::Tensor mean_of_frames(const FeatureBatch& features);

}  // namespace earshot::kit
