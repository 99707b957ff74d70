#pragma once
#include <map>
#include <vector>

#include <earshot/kit/small_models.hpp>
#include <earshot/kit/testing.hpp>

#include "worker/conformance/subject.hpp"

namespace earshot::worker {

using Predictions = std::map<std::int64_t, Prediction>;

/// Members that a base needs first. While they live there is one thread: far faster for models so
/// small.
struct SmallComponents {
  SmallComponents();
  ~SmallComponents();
  SmallComponents(const SmallComponents&) = delete;
  SmallComponents& operator=(const SmallComponents&) = delete;

  int threads;  ///< before
  kit::SmallMapper mapper{};
  kit::SmallLanguageModel language_model;
};

/// A synthetic trial with a mapper and a language model of its own, both trained.
class CheckTrial : private SmallComponents, public kit::SyntheticTrial {
 public:
  explicit CheckTrial(const kit::SyntheticTrialSpec& spec = {});
  /// Puts the states of mapper and language model of `other` into this one's.
  void take_components(const CheckTrial& other);

  using kit::SyntheticTrial::language_model;
  using kit::SyntheticTrial::mapper;
};

/// @throws Finding (skipped) for an evaluator that uses what a synthetic trial lacks.
void fit(Evaluator& evaluator, kit::SyntheticTrial& trial);
/// Predicts; if the evaluator refuses items with one clip, it gets items with two.
void predict(Evaluator& evaluator, kit::SyntheticTrial& trial);
/// Fits and predicts. @throws as fit()
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
