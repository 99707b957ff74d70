#include <set>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <earshot/kit/testing.hpp>

#include "worker/conformance/check.hpp"
#include "worker/conformance/exercise.hpp"
#include "worker/plugin/names.hpp"

namespace earshot::worker {

namespace {

using Goal = Objective::Goal;
constexpr std::int64_t steps = 4;

/// A learner that is prepared for the first goal that it supports, and what to teach it.
class PreparedLearner {
 public:
  explicit PreparedLearner(const Subject& subject)
      : made_(subject.make()), learner_(made_.require<Learner>()) {
    batch_.audio = test_audio(listener(made_).needs(), {0.5, 0.8});
    if (!prepared({.goal = Goal::classes, .classes = {"a", "b", "c"}}) &&
        !prepared({.goal = Goal::values, .values = 3}) &&
        !prepared({.goal = Goal::reconstruction}) && !prepared({.goal = Goal::masked}))
      skip("it learns neither classes nor values, nor reconstruction, nor what is masked");
    learner_.train(true);
  }

  Learner& learner() const { return learner_; }

  Losses loss(std::int64_t step, std::size_t group) const {
    return learner_.loss(batch_, {.step = step, .steps = steps, .group = group});
  }

  /// A step of stochastic gradient descent for each group. Returns their losses.
  Results take_step(std::int64_t step) const {
    Results totals;
    at::manual_seed(static_cast<std::uint64_t>(step));
    const auto groups = learner_.groups();
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const auto total = loss(step, g).total;
      total.backward();
      totals.push_back(total.detach());
      const at::NoGradGuard no_grad;
      for (auto [name, parameter] : groups[g].parameters)
        if (parameter.grad().defined()) parameter.sub_(0.01 * parameter.grad());
      clear_gradients();
    }
    const at::NoGradGuard no_grad;
    learner_.finish_step(step);
    return totals;
  }

  void clear_gradients() const {
    for (auto [name, parameter] : learner_.parameters())
      parameter.mutable_grad().reset();
  }

 private:
  bool prepared(const Objective& objective) {
    at::manual_seed(2);
    try {
      learner_.prepare(objective);
    } catch (const Unsupported&) {
      return false;
    }
    if (objective.goal == Goal::classes || objective.goal == Goal::values)
      batch_.targets = at::eye(3).narrow(0, 0, 2).contiguous();
    return true;
  }

  ComponentInstance made_;
  Learner& learner_;
  LearnerBatch batch_{};
};

void learning(const Subject& subject) {
  const c10::AutoGradMode grad(true);
  const PreparedLearner prepared_learner(subject);
  const auto groups = prepared_learner.learner().groups();
  at::manual_seed(3);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto where = "group '" + groups[g].name + "': ";
    const auto losses = prepared_learner.loss(0, g);
    const auto& total = losses.total;
    expect(total.defined() && total.dim() == 0 && total.scalar_type() == at::kFloat,
           where + "loss().total is " + describe(total) + "; expected a float32 scalar");
    expect(std::isfinite(total.item<double>()), where + "loss().total is not finite");
    expect(std::isfinite(losses.weight) && losses.weight > 0,
           where + "loss().weight is " + std::to_string(losses.weight) + "; expected more than 0");
    total.backward();
    double largest = 0;
    for (const auto& [name, parameter] : groups[g].parameters) {
      expect(parameter.requires_grad(), "parameter '" + name + "' has requires_grad off");
      if (parameter.grad().defined())
        largest = std::max(largest, parameter.grad().abs().max().item<double>());
    }
    expect(largest > 0, where + "no gradient reaches any parameter");
    prepared_learner.clear_gradients();
  }
}

void learner_groups(const Subject& subject) {
  const PreparedLearner prepared_learner(subject);
  std::set<std::string> names;
  std::set<const void*> grouped, all;
  for (const auto& group : prepared_learner.learner().groups()) {
    expect(is_name(group.name), "group '" + group.name + "'; allowed: [a-z0-9_]+");
    expect(names.insert(group.name).second, "two groups are named '" + group.name + "'");
    for (const auto& [name, parameter] : group.parameters)
      expect(grouped.insert(parameter.unsafeGetTensorImpl()).second,
             "parameter '" + name + "' belongs to two groups, or to one twice");
  }
  for (const auto& [name, parameter] : prepared_learner.learner().parameters()) {
    all.insert(parameter.unsafeGetTensorImpl());
    expect(grouped.contains(parameter.unsafeGetTensorImpl()),
           "parameter '" + name + "' is in no group");
  }
  expect(grouped.size() == all.size(), "groups() has parameters that parameters() has not");
}

void learner_state(const Subject& subject) {
  const c10::AutoGradMode grad(true);
  const PreparedLearner taught(subject);
  taught.take_step(0);
  taught.take_step(1);
  const PreparedLearner resumed(subject);
  resumed.learner().load_state(kit::clone(taught.learner().state()));
  for (std::int64_t step = 2; step < steps; ++step)
    expect(
        same_bits(taught.take_step(step), resumed.take_step(step)),
        "training that goes on from a stored state has different losses; expected the same bits. "
        "Everything that loss() and finish_step() change belongs in state()");
}

void inference_after_training(const Subject& subject) {
  const auto made = subject.make();
  auto& encoder = listener(made);
  auto& learner = made.require<Learner>();
  const auto audio = test_audio(encoder.needs(), {0.5, 0.8});
  const auto before = encoder.encode(audio).values;
  learner.train(true);
  learner.train(false);
  expect(same_bits(before, encoder.encode(audio).values),
         "encode() gives different features after train(true) and train(false); expected the same "
         "bits");
}

}  // namespace

std::vector<Check> learner_checks() {
  constexpr auto face = Learner::contract;
  return {
      {"learning", face, "training follows the gradient of each group's loss", learning},
      {"learner_groups", face,
       "a parameter in no group is never trained, one in two is moved twice", learner_groups},
      {"learner_state", face, "a training that was interrupted resumes with equal bits",
       learner_state},
      {"inference_after_training", face,
       "features are computed after training has been switched off", inference_after_training},
  };
}

}  // namespace earshot::worker
