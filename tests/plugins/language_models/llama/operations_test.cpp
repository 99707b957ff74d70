#include "operations.hpp"

#include <ATen/ATen.h>

#include <gtest/gtest.h>
#include <lib/models/rotary.hpp>

// Checks the implementations for float32 on the CPU against LibTorch's own operations: values and
// gradients.

namespace {

using at::Tensor;

Tensor draw(at::IntArrayRef shape) {
  return at::randn(shape, at::kDouble);
}

using Work = std::function<Tensor(const std::vector<Tensor>&)>;

/// Values and gradients of `ours`, in float32, are those of `theirs` in float64.
void expect_same(const Work& ours, const Work& theirs, const std::vector<Tensor>& inputs) {
  const auto leaves = [&](at::ScalarType type) {
    std::vector<Tensor> made;
    for (const auto& input : inputs)
      made.push_back(input.to(type).clone().set_requires_grad(true));
    return made;
  };
  const auto x = leaves(at::kFloat), y = leaves(at::kDouble);
  const auto result = ours(x), expected = theirs(y);
  const auto near = [](const Tensor& a, const Tensor& b) {
    return (a.to(at::kDouble) - b).abs().max().item<double>() <=
           2e-5 * (1 + b.abs().max().item<double>());
  };
  EXPECT_TRUE(near(result, expected));
  const auto slope = at::randn(expected.sizes(), at::kDouble);
  result.backward(slope.to(at::kFloat));
  expected.backward(slope);
  for (std::size_t i = 0; i < x.size(); ++i)
    EXPECT_TRUE(near(x[i].grad(), y[i].grad())) << "gradient of input " << i;
}

class Operations : public ::testing::Test {
 protected:
  void SetUp() override { at::manual_seed(0); }
};

TEST_F(Operations, product_is_linear_with_and_without_bias) {
  expect_same([](const auto& x) { return llama::product(x[0], x[1], x[2]); },
              [](const auto& x) { return at::linear(x[0], x[1], x[2]); },
              {draw({7, 20}), draw({9, 20}), draw({9})});
  expect_same([](const auto& x) { return llama::product(x[0], x[1]); },
              [](const auto& x) { return at::linear(x[0], x[1]); }, {draw({7, 20}), draw({9, 20})});
}

TEST_F(Operations, rms_norm_divides_by_the_root_of_the_mean_square) {
  constexpr double epsilon = 0.1;  // large enough to have an effect
  for (const std::int64_t width : {5, 16, 37})
    expect_same([&](const auto& x) { return llama::rms_norm(x[0], x[1], epsilon); },
                [&](const auto& x) {
                  return x[0] * (x[0].square().mean(-1, true) + epsilon).rsqrt() * x[1];
                },
                {draw({6, width}), draw({width})});
}

TEST_F(Operations, rotate_heads_turns_some_and_leaves_others) {
  const auto rotation = earshot::kit::rotation({.width = 8}, at::arange(5, at::kFloat));
  expect_same(
      [&](const auto& x) { return llama::rotate_heads(x[0], rotation, 3); },
      [&](const auto& x) {
        const earshot::kit::Rotation each{rotation.cos.unsqueeze(1).to(at::kDouble),
                                          rotation.sin.unsqueeze(1).to(at::kDouble)};
        return at::cat({earshot::kit::rotate(x[0].narrow(1, 0, 3), each), x[0].narrow(1, 3, 2)}, 1);
      },
      {draw({5, 5, 8})});
}

TEST_F(Operations, gated_multiplies_one_half_by_silu_of_the_other) {
  expect_same([](const auto& x) { return llama::gated(x[0]); },
              [](const auto& x) {
                const auto halves = x[0].chunk(2, -1);
                return at::silu(halves[0]) * halves[1];
              },
              {draw({9, 34}) * 8});
}

TEST_F(Operations, target_log_prob_is_log_softmax_at_the_targets) {
  const auto targets = at::randint(31, {600}, at::kLong);  // more rows than are computed at once
  const auto theirs = [&](const Tensor& x, const Tensor& head) {
    return at::log_softmax(at::linear(x, head), 1).gather(1, targets.unsqueeze(1)).squeeze(1);
  };
  expect_same([&](const auto& x) { return llama::target_log_prob(x[0], x[1], targets); },
              [&](const auto& x) { return theirs(x[0], x[1]); }, {draw({600, 12}), draw({31, 12})});
  const auto head = draw({31, 12});  // frozen: the gradient is computed in another way
  const auto frozen = head.to(at::kFloat);
  expect_same([&](const auto& x) { return llama::target_log_prob(x[0], frozen, targets); },
              [&](const auto& x) { return theirs(x[0], head); }, {draw({600, 12})});
}

TEST_F(Operations, what_is_recomputed_has_the_same_gradients_and_the_same_random_numbers) {
  const auto weight = at::randn({6, 6}).set_requires_grad(true);
  const auto x = at::randn({50, 6}).set_requires_grad(true);
  const auto work = [&](const Tensor& y) {
    return at::dropout(at::tanh(at::linear(y, weight)), 0.5, true);
  };
  const auto gradients = [&](const std::function<Tensor()>& run) {
    weight.mutable_grad() = x.mutable_grad() = Tensor();
    at::manual_seed(3);
    const auto result = run();
    at::randn({4});  // something else in between
    result.square().sum().backward();
    const auto next = at::randn({1});  // shows where the random numbers continue
    return std::vector<Tensor>{result.detach(), x.grad(), weight.grad(), next};
  };
  const auto kept = gradients([&] { return work(x); });
  const auto again = gradients([&] { return llama::recomputed(work, x, {weight}); });
  for (std::size_t i = 0; i < kept.size(); ++i)
    EXPECT_TRUE(at::equal(kept[i], again[i])) << i;
}

}  // namespace
