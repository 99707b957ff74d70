#pragma once
#include <map>
#include <vector>

#include <earshot/kit/testing.hpp>

#include "worker/conformance/subject.hpp"

namespace earshot::worker {

using Predictions = std::map<std::int64_t, Prediction>;

/// Fits and predicts.
/// @throws Finding (skipped) for an evaluator that uses what a synthetic trial lacks.
Predictions run_trial(Evaluator& evaluator, kit::SyntheticTrial& trial);

/// All of a prediction as numbers.
at::Tensor fingerprint(const Prediction& prediction);
bool same(const Predictions& a, const Predictions& b);
bool same(const State& a, const State& b);

/// The option values of a subject that construct it and, of an evaluator, with which a synthetic
/// trial can be run: a probe of classes takes no number for its target.
/// @throws Finding (skipped) with the component's words if there are none.
std::vector<protocol::Json> workable(const Subject& subject);

}  // namespace earshot::worker
