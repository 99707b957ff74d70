#pragma once
#include <cstdint>
#include <string>

#include <earshot/codec.hpp>

// What checks of several kinds ask of features, with `what` in front of a complaint.

namespace earshot::worker {

/// Checks float32 features of so many clips: shape, spec, all finite.
/// @throws Finding (fail); ContractError as FeatureBatch::check() does
void check_batch(const FeatureBatch& batch, const FeatureSpec& spec, std::int64_t clips,
                 const std::string& what);

/// int64 (Q, T): frames of codes of one clip without its padding.
at::Tensor valid_frames(const CodeBatch& batch, std::int64_t clip);

/// Compares the frames of a clip with those that it has elsewhere. Features may differ by
/// `tolerance`, and one code in a hundred, whose value is on the border between two.
/// @throws Finding (fail)
void expect_same(const at::Tensor& alone, const at::Tensor& other, const std::string& what);
void expect_same_codes(const at::Tensor& alone, const at::Tensor& other, const std::string& what);

}  // namespace earshot::worker
