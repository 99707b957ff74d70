#include "worker/conformance/trial_run.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"
#include "worker/conformance/check.hpp"
#include "worker/conformance/exercise.hpp"
#include "worker/dataset/records.hpp"

namespace earshot::worker {

SmallComponents::SmallComponents()
    : threads(at::get_num_threads()), language_model((at::manual_seed(1), false)) {
  at::set_num_threads(1);
  mapper.connect(kit::SyntheticTrial({.sizes = {}}).feature_spec(),
                 language_model.spec().embedding_dim);
}

SmallComponents::~SmallComponents() {
  at::set_num_threads(threads);
}

namespace {

kit::SyntheticTrialSpec with(kit::SyntheticTrialSpec spec, SmallComponents& components) {
  spec.mapper = &components.mapper;
  spec.language_model = &components.language_model;
  return spec;
}

}  // namespace

CheckTrial::CheckTrial(const kit::SyntheticTrialSpec& spec) : SyntheticTrial(with(spec, *this)) {}

void CheckTrial::take_components(const CheckTrial& other) {
  SmallComponents::mapper.load_state(kit::clone(other.SmallComponents::mapper.state()));
  SmallComponents::language_model.load_state(
      kit::clone(other.SmallComponents::language_model.state()));
}

void fit(Evaluator& evaluator, kit::SyntheticTrial& trial) {
  if (evaluator.uses().learner) skip("it uses a learner, which the synthetic trial lacks");
  evaluator.fit(trial);
}

void predict(Evaluator& evaluator, kit::SyntheticTrial& trial) {
  try {
    evaluator.predict(trial);
  } catch (const DataError&) {
    if (trial.item(Split::test, 0).clips.size() > 1 || !trial.predictions().empty()) throw;
    trial.add_second_clips();
    evaluator.predict(trial);
  }
}

Predictions run_trial(Evaluator& evaluator, kit::SyntheticTrial& trial) {
  fit(evaluator, trial);
  trial.end_stage();
  predict(evaluator, trial);
  return trial.predictions();
}

at::Tensor fingerprint(const Prediction& prediction) {
  auto numbers = prediction.scores;
  for (const auto& [name, value] : prediction.measures)
    numbers.push_back(value);
  auto text =
      prediction.output + "\n" +
      (prediction.value ? protocol::readable_json(to_json(*prediction.value)).dump() : "none");
  for (const auto& candidate : prediction.candidates)
    text += "\n" + candidate;
  // A hash of 32 bits is exact as a double.
  numbers.push_back(static_cast<double>(protocol::hash64(text) >> 32));
  return at::tensor(numbers, at::kDouble);
}

bool same(const Predictions& a, const Predictions& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && same_bits(fingerprint(x.second), fingerprint(y.second));
  });
}

bool same(const State& a, const State& b) {
  return a.text == b.text && std::equal(a.tensors.begin(), a.tensors.end(), b.tensors.begin(),
                                        b.tensors.end(), [](const auto& x, const auto& y) {
                                          return x.first == y.first &&
                                                 same_bits(x.second, y.second);
                                        });
}

namespace {

std::vector<protocol::Json> find_workable(const Subject& subject) {
  std::vector<protocol::Json> values;
  std::string reason;
  for (const auto& variant : subject.variants()) {
    try {
      const auto made = subject.make_unguarded(variant);
      if (auto* evaluator = made.as<Evaluator>()) {
        CheckTrial trial;
        run_trial(*evaluator, trial);
      }
      values.push_back(variant);
    } catch (const Error& error) {
      const auto excused = error.kind() != Error::Kind::contract;
      if (!excused) throw;
      reason = error.what();
    }
  }
  if (values.empty()) skip("not usable here: " + reason);
  return values;
}

}  // namespace

std::vector<protocol::Json> workable(const Subject& subject) {
  if (subject.variants().size() == 1) return subject.variants();
  // Every check asks, and each trial takes its time.
  static std::map<std::string, std::vector<protocol::Json>> known;
  const auto key = subject.library().info.path + "/" + subject.component().name +
                   protocol::readable_json(subject.variants()).dump();
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  return known[key] = find_workable(subject);
}

}  // namespace earshot::worker
