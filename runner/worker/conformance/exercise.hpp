#pragma once
#include <vector>

#include <ATen/core/Tensor.h>

#include <earshot/encoder.hpp>

#include "worker/conformance/subject.hpp"

namespace earshot::worker {

/// What came out of a component, in a form that two uses can be compared in.
using Results = std::vector<at::Tensor>;

/// Whether two results are equal bit by bit.
bool same_bits(const at::Tensor& a, const at::Tensor& b);
bool same_bits(const Results& a, const Results& b);

/// Largest difference between `a` and `b` relative to the largest value of `a`.
double relative_difference(const at::Tensor& a, const at::Tensor& b);

/// How much features of the same clip may differ, by that measure, because of what else is in the
/// batch. Sums of floats in another order differ by some 1e-7 for each addition; in a model of many
/// layers this amounts to 1e-5.
constexpr double tolerance = 1e-4;

/// float32 (T, D): frames of one clip without its padding.
at::Tensor valid_frames(const FeatureBatch& batch, std::int64_t clip);

/// "[2, 100, 64] float32"
std::string describe(const at::Tensor& tensor);

/// Test signals as an encoder wants them: tones that swell over noise, different for each clip,
/// shortened or lengthened to what `needs` allows.
AudioBatch test_audio(const AudioNeeds& needs, const std::vector<double>& seconds);

/// An encoder that takes audio. @throws Finding (skipped) for one that looks features up, or reads
/// those of others.
Encoder& listener(const ComponentInstance& made);

/// Uses an object in a fixed way: an encoder encodes two clips, a reader is connected to made-up
/// sources and reads two clips of theirs, a mapper is connected and maps, a language model scores
/// and answers, an evaluator does a whole trial, a dataset lists itself. To be called once per
/// object of a reader, mapper or evaluator. Checks on the way that arguments stay
/// untouched.
/// @throws Finding (fail) when they do not; (skipped) for an evaluator that needs more than a
/// synthetic trial has.
Results exercise(const ComponentInstance& made);

/// Constructs with the first values that can be exercised, and does so.
/// @throws Finding (skipped) if there are none.
Results exercise(const Subject& subject);

}  // namespace earshot::worker
