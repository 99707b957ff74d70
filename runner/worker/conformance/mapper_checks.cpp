#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <earshot/kit/random.hpp>
#include <earshot/kit/testing.hpp>

#include "worker/conformance/check.hpp"
#include "worker/conformance/exercise.hpp"

namespace earshot::worker {

namespace {

constexpr std::int64_t out_dim = 12;

struct Connected {
  explicit Connected(const Subject& subject) : made(subject.make()) {
    at::manual_seed(2);
    spec = mapper().connect(trial.feature_spec(), out_dim);
  }
  Mapper& mapper() const { return made.require<Mapper>(); }
  FeatureBatch features(at::IntArrayRef items) { return trial.features(Split::train, items); }

  kit::SyntheticTrial trial{};
  ComponentInstance made;
  FeatureSpec spec{};
};

void connect(const Subject& subject) {
  Connected it(subject);
  expect(it.spec.dim == out_dim, "connect() returns dim " + std::to_string(it.spec.dim) +
                                     "; expected " + std::to_string(out_dim) + " as requested");
  const auto mapped = it.mapper().map(it.features({0, 1, 2}));
  mapped.check();
  expect(mapped.spec == it.spec, "map() gives a spec that differs from connect()");
  expect(at::isfinite(mapped.values).all().item<bool>(), "map() gives values that are not finite");
}

void gradients(const Subject& subject) {
  const c10::AutoGradMode grad(true);
  Connected it(subject);
  it.mapper().train(true);
  auto features = it.features({0, 1, 2});
  features.values = features.values.clone().set_requires_grad(true);
  const auto mapped = it.mapper().map(features).values;
  // Random weights: the sum of a normalised layer alone would not depend on its input.
  at::manual_seed(3);
  (mapped * at::randn_like(mapped)).sum().backward();
  const auto flows = [](const at::Tensor& tensor) {
    return tensor.grad().defined() && tensor.grad().abs().max().item<double>() > 0;
  };
  expect(flows(features.values), "no gradient reaches the features");
  for (const auto& [name, parameter] : it.mapper().parameters()) {
    expect(parameter.requires_grad(), "parameter '" + name + "' has requires_grad off");
    expect(flows(parameter), "no gradient reaches parameter '" + name + "'");
  }
}

void mapper_padding(const Subject& subject) {
  Connected it(subject);
  // Items 0 to 3 differ in length; each alone has no padding.
  const auto together = it.mapper().map(it.features({0, 1, 2, 3}));
  for (const std::int64_t item : {0, 1, 2, 3}) {
    const auto alone = valid_frames(it.mapper().map(it.features({item})), 0);
    const auto beside = valid_frames(together, item);
    expect(alone.sizes() == beside.sizes() && relative_difference(alone, beside) <= tolerance,
           "an item's valid frames differ alone and in a batch");
  }
}

void mapper_state(const Subject& subject) {
  const Connected taught(subject);
  {
    const at::NoGradGuard no_grad;
    for (auto& [name, parameter] : taught.mapper().parameters()) {
      at::Tensor changed = parameter;
      changed.add_(0.01);
    }
  }
  Connected other(subject);
  other.mapper().load_state(kit::clone(taught.mapper().state()));
  const auto features = other.features({0, 1});
  expect(same_bits(taught.mapper().map(features).values.detach(),
                   other.mapper().map(features).values.detach()),
         "a mapper with the state of another gives different results");
}

}  // namespace

std::vector<Check> mapper_checks() {
  constexpr auto face = Mapper::contract;
  return {
      {"connect", face, "a language model reads vectors of its own width", connect},
      {"gradients", face, "a parameter without a gradient is never trained", gradients},
      {"mapper_padding", face, "an item's embeddings must not depend on its batch", mapper_padding},
      {"mapper_state", face, "fitted mappers are stored and restored", mapper_state},
  };
}

}  // namespace earshot::worker
