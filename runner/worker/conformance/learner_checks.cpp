#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <earshot/kit/testing.hpp>

#include "worker/conformance/check.hpp"
#include "worker/conformance/exercise.hpp"

namespace earshot::worker {

namespace {

LearnerBatch two_clips(const AudioNeeds& needs, bool classes) {
  LearnerBatch batch{.audio = test_audio(needs, {0.5, 0.8})};
  if (classes) batch.targets = at::eye(3).narrow(0, 0, 2).contiguous();
  return batch;
}

/// A learner that is prepared for the first objective that it supports.
struct Prepared {
  explicit Prepared(const Subject& subject) : made(subject.make()) {
    at::manual_seed(2);
    try {
      learner().prepare({.classes = {"a", "b", "c"}});
      classes = true;
    } catch (const Unsupported&) {
      learner().prepare({});
    }
  }
  Learner& learner() const { return made.require<Learner>(); }
  LearnerBatch batch() const { return two_clips(made.require<Encoder>().needs(), classes); }

  ComponentInstance made;
  bool classes = false;
};

void learning(const Subject& subject) {
  const c10::AutoGradMode grad(true);
  const Prepared it(subject);
  it.learner().train(true);
  at::manual_seed(3);
  const auto losses = it.learner().loss(it.batch());
  expect(losses.total.defined() && losses.total.numel() == 1 && losses.total.dim() == 0 &&
             losses.total.scalar_type() == at::kFloat,
         "loss().total is " + describe(losses.total) + "; expected a float32 scalar");
  expect(std::isfinite(losses.total.item<double>()), "loss().total is not finite");
  losses.total.backward();
  double largest = 0;
  for (const auto& [name, parameter] : it.learner().parameters()) {
    expect(parameter.requires_grad(), "parameter '" + name + "' has requires_grad off");
    if (parameter.grad().defined())
      largest = std::max(largest, parameter.grad().abs().max().item<double>());
  }
  expect(largest > 0, "no gradient reaches any parameter");
}

void learner_state(const Subject& subject) {
  const auto loss = [](const Prepared& it) {
    at::manual_seed(3);
    return it.learner().loss(it.batch()).total.detach();
  };
  const Prepared taught(subject);
  for (auto& [name, parameter] : taught.learner().parameters()) {
    at::Tensor changed = parameter.detach();
    changed.add_(0.01);
  }
  const Prepared other(subject);
  other.learner().load_state(kit::clone(taught.learner().state()));
  expect(same_bits(loss(taught), loss(other)),
         "an encoder with the state of another has a different loss");
}

}  // namespace

std::vector<Check> learner_checks() {
  constexpr auto face = Learner::contract;
  return {
      {"learning", face, "pretraining follows the gradient of the loss", learning},
      {"learner_state", face, "pretrained encoders are stored and restored", learner_state},
  };
}

}  // namespace earshot::worker
