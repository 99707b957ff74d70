#include <cmath>
#include <optional>
#include <set>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <earshot/kit/testing.hpp>

#include "worker/conformance/check.hpp"
#include "worker/conformance/exercise.hpp"
#include "worker/conformance/made_up_sources.hpp"
#include "worker/plugin/names.hpp"

namespace earshot::worker {

namespace {

using Goal = Objective::Goal;
constexpr std::int64_t steps = 4;

/// A learner that is prepared for the first goal that it supports, and what to teach it. As in a
/// training, only the losses of steps are computed in gradient mode.
class PreparedLearner {
 public:
  explicit PreparedLearner(const Subject& subject)
      : made_(subject.make()), learner_(made_.require<Learner>()) {
    if (made_.as<Reader>() != nullptr)
      batch_.sources = connect_to_made_up(made_).batch({{0, 0.5}, {1, 0.8}});
    else
      batch_.audio = test_audio(listener(made_).needs(), {0.5, 0.8});
    if (!prepared({.goal = Goal::classes, .classes = {"a", "b", "c"}}) &&
        !prepared({.goal = Goal::values, .values = 3}) &&
        !prepared({.goal = Goal::reconstruction}) && !prepared({.goal = Goal::masked}))
      skip("it learns neither classes nor values, nor reconstruction, nor what is masked");
  }

  Learner& learner() const { return learner_; }
  at::Tensor features() const {
    if (auto* reader = made_.as<Reader>()) return reader->read(batch_.sources).values;
    return made_.require<Encoder>().encode(batch_.audio).values;
  }

  Losses loss(const Turn& turn) const {
    const c10::AutoGradMode grad(true);
    return learner_.loss(batch_, turn);
  }

  Losses validation_loss(std::size_t group) const {
    return learner_.loss(batch_, {.step = 1, .steps = steps, .group = group});
  }

  /// A step of stochastic gradient descent for each group, on the same batch in every part; without
  /// finish_step(). Returns their losses.
  Results take_turns(std::int64_t step, std::int64_t parts = 1) const {
    Results totals;
    const auto groups = learner_.groups();
    for (std::size_t g = 0; g < groups.size(); ++g) {
      clear_gradients();
      for (std::int64_t part = 0; part < parts; ++part) {
        at::manual_seed(static_cast<std::uint64_t>(step));
        const auto total =
            loss({.step = step, .steps = steps, .group = g, .part = part, .parts = parts}).total;
        total.backward();
        totals.push_back(total.detach());
      }
      for (auto [name, parameter] : groups[g].parameters)
        if (parameter.grad().defined())
          parameter.sub_(0.01 / static_cast<double>(parts) * parameter.grad());
    }
    return totals;
  }

  void finish_step(std::int64_t step) const {
    at::manual_seed(static_cast<std::uint64_t>(step));
    learner_.finish_step(step);
  }

  Results take_step(std::int64_t step) const {
    auto totals = take_turns(step);
    learner_.step_sums();
    finish_step(step);
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

void expect_losses(const Losses& losses, const std::string& where) {
  const auto& total = losses.total;
  expect(total.defined() && total.dim() == 0 && total.scalar_type() == at::kFloat,
         where + "loss().total is " + describe(total) + "; expected a float32 scalar");
  expect(std::isfinite(total.item<double>()), where + "loss().total is not finite");
  expect(std::isfinite(losses.weight) && losses.weight > 0,
         where + "loss().weight is " + std::to_string(losses.weight) + "; expected more than 0");
}

void learning(const Subject& subject) {
  const PreparedLearner prepared_learner(subject);
  prepared_learner.learner().train(true);
  const auto groups = prepared_learner.learner().groups();
  at::manual_seed(3);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto where = "group '" + groups[g].name + "': ";
    const auto losses = prepared_learner.loss({.steps = steps, .group = g});
    expect_losses(losses, where);
    losses.total.backward();
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
  const PreparedLearner taught(subject);
  taught.learner().train(true);
  taught.take_step(0);
  taught.take_step(1);
  const PreparedLearner resumed(subject);
  resumed.learner().load_state(kit::clone(taught.learner().state()));
  resumed.learner().train(true);
  for (std::int64_t step = 2; step < steps; ++step)
    expect(
        same_bits(taught.take_step(step), resumed.take_step(step)),
        "training that goes on from a stored state has different losses; expected the same bits. "
        "Everything that loss() and finish_step() change belongs in state()");
}

/// step_sums() at a point of a training, in the form that they have in the first step.
Results sums_of(Learner& learner, const std::string& when, const std::optional<Results>& first) {
  const auto sums = learner.step_sums(), again = learner.step_sums();
  expect(!first || sums.size() == first->size(),
         "step_sums() gives " + std::to_string(sums.size()) + " tensors " + when +
             "; expected the same number in every step");
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const auto& sum = sums[i];
    const auto where = "step_sums()[" + std::to_string(i) + "] " + when + " is ";
    expect(sum.defined() && (sum.scalar_type() == at::kFloat || sum.scalar_type() == at::kDouble),
           where + describe(sum) + "; expected float32 or float64");
    if (first)
      expect(describe(sum) == describe((*first)[i]),
             where + describe(sum) + "; expected " + describe((*first)[i]) + " as in step 0");
    expect(at::isfinite(sum).all().item<bool>(), where + "not all finite; expected numbers");
    expect(again.size() == sums.size() && again[i].const_data_ptr() == sum.const_data_ptr(),
           where + "a copy: a second call gives other memory; expected the learner's own tensor, " +
               "to which the host adds the sums of other processes");
  }
  return sums;
}

Results copies(const Results& tensors) {
  Results copied;
  for (const auto& tensor : tensors)
    copied.push_back(tensor.clone());
  return copied;
}

void sums_of_parts(const Subject& subject, const Results& of_one_part) {
  // The parts may differ a little: where the first moves a running statistic, the second may choose
  // some codes differently.
  constexpr double allowed = 0.1;
  const PreparedLearner prepared_learner(subject);
  auto& learner = prepared_learner.learner();
  learner.train(true);
  prepared_learner.take_turns(0, 2);
  const auto sums = sums_of(learner, "in a step of two parts", of_one_part);
  for (std::size_t i = 0; i < sums.size(); ++i)
    expect(
        relative_difference(2 * of_one_part[i], sums[i]) <= allowed,
        "step_sums()[" + std::to_string(i) +
            "] in a step of two equal parts is not twice that of one part; expected the sum over "
            "all parts of a step");
}

void learner_sums(const Subject& subject) {
  const PreparedLearner prepared_learner(subject);
  auto& learner = prepared_learner.learner();
  learner.train(true);
  std::optional<Results> first;
  for (std::int64_t step = 0; step < steps; ++step) {
    prepared_learner.take_turns(step);
    const auto sums = sums_of(learner, "in step " + std::to_string(step), first);
    if (!first) first = copies(sums);
    prepared_learner.finish_step(step);
    for (const auto& rest : sums_of(learner, "after finish_step()", first))
      expect(rest.eq(0).all().item<bool>(),
             "step_sums() are not all zero after finish_step(); expected sums that start anew in "
             "each step");
  }
  sums_of_parts(subject, *first);
}

void learner_validation(const Subject& subject) {
  const PreparedLearner prepared_learner(subject);
  auto& learner = prepared_learner.learner();
  learner.train(true);
  prepared_learner.take_step(0);
  learner.train(false);
  const auto state = kit::clone(learner.state());
  const auto sums = copies(learner.step_sums());
  const auto groups = learner.groups();
  at::manual_seed(4);
  for (std::size_t g = 0; g < groups.size(); ++g)
    expect_losses(prepared_learner.validation_loss(g),
                  "validation of group '" + groups[g].name + "': ");
  const auto after = learner.state();
  const std::string what = "loss() after train(false) changes ";
  for (const auto& [name, tensor] : state.tensors) {
    const auto found = after.tensors.find(name);
    expect(found != after.tensors.end() && same_bits(tensor, found->second),
           what + "tensor '" + name + "' of state(); expected validation to change nothing");
  }
  expect(after.tensors.size() == state.tensors.size() && after.text == state.text,
         what + "the text or the tensors of state(); expected validation to change nothing");
  expect(same_bits(sums, learner.step_sums()),
         what + "step_sums(); expected sums over the clips of steps only");
}

void inference_after_training(const Subject& subject) {
  const PreparedLearner prepared_learner(subject);
  const auto before = prepared_learner.features();
  prepared_learner.learner().train(true);
  prepared_learner.learner().train(false);
  expect(same_bits(before, prepared_learner.features()),
         "it gives different features after train(true) and train(false); expected the same "
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
      {"learner_sums", face,
       "processes that share a step add up its sums in place, then all finish it alike",
       learner_sums},
      {"learner_validation", face, "validation must leave the training as it was",
       learner_validation},
      {"inference_after_training", face,
       "features are computed after training has been switched off", inference_after_training},
  };
}

}  // namespace earshot::worker
