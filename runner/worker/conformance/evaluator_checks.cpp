#include <set>

#include <ATen/ATen.h>

#include "protocol/nearest.hpp"
#include "worker/conformance/check.hpp"
#include "worker/conformance/exercise.hpp"
#include "worker/conformance/trial_run.hpp"
#include "worker/plugin/facts.hpp"

namespace earshot::worker {

namespace {

using kit::SyntheticTrial;
using protocol::Json;

Predictions run(const Subject& subject, const Json& values, const kit::SyntheticTrialSpec& spec) {
  CheckTrial trial(spec);
  return run_trial(subject.make(values).require<Evaluator>(), trial);
}

/// " (target = 'kind')" where several were tried.
std::string with(const Subject& subject, const Json& values) {
  if (subject.variants().size() == 1) return "";
  for (const auto& spec : subject.component().options)
    if (spec.required)
      return " (" + spec.name + " = " + protocol::json_text(values.at(spec.name)) + ")";
  return "";
}

std::set<std::string> declared_metrics(const Evaluator& evaluator) {
  std::set<std::string> names;
  for (const auto& metric : evaluator.metrics())
    names.insert(metric.name);
  return names;
}

void check_numbers(const Numbers& numbers, const std::set<std::string>& declared,
                   const std::string& what) {
  for (const auto& [given, value] : numbers) {
    // "<metric>.n": the number of items behind a score.
    const auto name = given.ends_with(".n") ? given.substr(0, given.size() - 2) : given;
    expect(declared.contains(name), what + " gives '" + name + "', which is not in metrics(): " +
                                        protocol::join({declared.begin(), declared.end()}));
    expect(std::isfinite(value), what + " gives '" + name + "' = " + Json(value).dump() +
                                     "; leave out what cannot be computed");
  }
}

/// Items and predictions of a finished trial, to be scored.
class Scored {
 public:
  explicit Scored(const SyntheticTrial& trial) : predictions_(trial.predictions()) {
    for (const auto& [index, prediction] : predictions_)
      items_.push_back(trial.item(Split::test, index));
  }
  /// They refer to this object.
  std::vector<earshot::Outcome> outcomes() const& {
    std::vector<earshot::Outcome> all;
    auto item = items_.begin();
    for (const auto& [index, prediction] : predictions_)
      all.push_back({*item++, prediction});
    return all;
  }

 private:
  Predictions predictions_;
  std::vector<Item> items_;
};

void trial(const Subject& subject) {
  for (const auto& values : workable(subject)) {
    const auto made = subject.make(values);
    facts(made);
    auto& evaluator = made.require<Evaluator>();
    CheckTrial trial;
    const auto predictions = run_trial(evaluator, trial);
    const auto test = static_cast<std::size_t>(trial.size(Split::test));
    if (predictions.empty() && trial.reports().empty())
      fail("it neither predicts nor reports anything" + with(subject, values));
    expect(predictions.empty() || predictions.size() == test,
           std::to_string(predictions.size()) + " of " + std::to_string(test) +
               " test items are predicted; expected all" + with(subject, values));
    const auto declared = declared_metrics(evaluator);
    check_numbers(trial.reports(), declared, "report()");
    const Scored scored(trial);
    const auto outcomes = scored.outcomes();
    for (const auto& outcome : outcomes)
      check_numbers(evaluator.mark(outcome.item, outcome.prediction), declared, "mark()");
    if (outcomes.empty()) continue;
    check_numbers(evaluator.score(outcomes), declared, "score()");
    check_numbers(evaluator.score({outcomes.data(), 1}), declared, "score() of one item");
  }
}

void order(const Subject& subject) {
  for (const auto& values : workable(subject)) {
    const auto made = subject.make(values);
    CheckTrial trial;
    run_trial(made.require<Evaluator>(), trial);
    const Scored scored(trial);
    const auto outcomes = scored.outcomes();
    if (outcomes.empty()) continue;
    const std::vector<earshot::Outcome> reversed(outcomes.rbegin(), outcomes.rend());
    const auto forward = made.require<Evaluator>().score(outcomes);
    for (const auto& [name, value] : made.require<Evaluator>().score(reversed)) {
      const auto before = forward.find(name);
      expect(before != forward.end() &&
                 std::abs(before->second - value) <= 1e-9 * (1 + std::abs(value)),
             "score() gives a different '" + name + "' for the outcomes in another order" +
                 with(subject, values));
    }
  }
}

void leak(const Subject& subject) {
  for (const auto& values : workable(subject))
    expect(same(run(subject, values, {}), run(subject, values, {.other_test_truth = true})),
           "predictions depend on the labels of test items; these must not be used" +
               with(subject, values));
}

void state(const Subject& subject) {
  for (const auto& values : workable(subject)) {
    const auto fitted = subject.make(values), loaded = subject.make(values);
    CheckTrial first, second;
    const auto predictions = run_trial(fitted.require<Evaluator>(), first);
    loaded.require<Evaluator>().load_state(kit::clone(fitted.require<Evaluator>().state()));
    second.take_components(first);
    predict(loaded.require<Evaluator>(), second);
    expect(
        same(predictions, second.predictions()),
        "an object with the state() of a fitted one predicts differently" + with(subject, values));
  }
}

/// Answers are marked by an object that has predicted nothing: when they are scored again, when
/// they are imported, and after a crash.
void marks(const Subject& subject) {
  for (const auto& values : workable(subject)) {
    const auto fitted = subject.make(values), loaded = subject.make(values);
    auto &first = fitted.require<Evaluator>(), &second = loaded.require<Evaluator>();
    CheckTrial trial;
    run_trial(first, trial);
    second.load_state(kit::clone(first.state()));
    const Scored scored(trial);
    const auto outcomes = scored.outcomes();
    const auto compare = [&](const Numbers& one, const Numbers& other, const std::string& what) {
      expect(one == other,
             what +
                 " differs between the object that predicted and one with its state(); keep "
                 "everything it needs in state(), or in the prediction" +
                 with(subject, values));
    };
    for (const auto& outcome : outcomes)
      compare(first.mark(outcome.item, outcome.prediction),
              second.mark(outcome.item, outcome.prediction), "mark()");
    if (!outcomes.empty()) compare(first.score(outcomes), second.score(outcomes), "score()");
  }
}

void read_only(const Subject& subject) {
  for (const auto& values : workable(subject))
    expect(same(run(subject, values, {}), run(subject, values, {.read_only = true})),
           "features in protected memory give other predictions" + with(subject, values));
}

void resume(const Subject& subject) {
  for (const auto& values : workable(subject)) {
    CheckTrial stopped({.stop_after = 3}), rest;
    const auto first = subject.make(values), second = subject.make(values);
    fit(first.require<Evaluator>(), stopped);
    rest.continue_from(stopped);
    CheckTrial undisturbed;
    const auto third = subject.make(values);
    const auto expected = run_trial(third.require<Evaluator>(), undisturbed);
    expect(same(expected, run_trial(second.require<Evaluator>(), rest)) &&
               same(third.require<Evaluator>().state(), second.require<Evaluator>().state()),
           "a fit that was interrupted and resumed ends differently from an uninterrupted one" +
               with(subject, values));
  }
}

void seed(const Subject& subject) {
  for (const auto& values : workable(subject)) {
    if (subject.make(values).require<Evaluator>().uses().seed) continue;
    expect(
        same(run(subject, values, {.cell_seed = 0}), run(subject, values, {.cell_seed = 1})),
        "uses().seed is false, but another seed gives other predictions" + with(subject, values));
  }
}

}  // namespace

std::vector<Check> evaluator_checks() {
  constexpr auto face = Evaluator::contract;
  return {
      {"trial", face, "tables rely on one prediction per item and on the declared metrics", trial},
      {"order", face, "items of a slice can come in any order", order},
      {"leak", face, "an evaluator that sees the test labels measures nothing", leak},
      {"state", face, "the fitted state is stored and restored", state},
      {"marks", face, "answers are also marked by an object that has not predicted anything",
       marks},
      {"read_only", face, "features are in a file that other cells read", read_only},
      {"resume", face, "an interrupted run must end as if it had not been interrupted", resume},
      {"seed", face, "seeds without effect are not run", seed},
  };
}

}  // namespace earshot::worker
