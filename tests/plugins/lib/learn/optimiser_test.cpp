#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <gmock/gmock.h>
#include <lib/learn/optimiser.hpp>

namespace {

using namespace earshot;
using kit::AdamW;
using kit::Optimiser;

Options options(std::map<std::string, OptionValue> given) {
  return Options(Optimiser::options(), given);
}

/// A small regression with a non-convex part.
struct Problem {
  at::Tensor weight = at::tensor({0.5F, -1.0F, 2.0F, 0.25F}).view({2, 2}).requires_grad_();
  at::Tensor bias = at::tensor({0.1F, -0.2F}).requires_grad_();
  at::Tensor x = at::tensor({1.0F, 2.0F, -0.5F, 0.75F, 3.0F, -1.0F}).view({3, 2});

  NamedTensors parameters() const { return {{"weight", weight}, {"bias", bias}}; }
  double backward() const {
    const at::AutoGradMode grad(true);
    const auto y = at::linear(x, weight, bias);
    const auto loss = y.square().mean() + y.sin().sum();
    loss.backward();
    return loss.item<double>();
  }
  std::vector<float> values() const {
    const auto all = at::cat({weight.detach().flatten(), bias.detach()});
    return {all.const_data_ptr<float>(), all.const_data_ptr<float>() + all.numel()};
  }
};

const std::map<std::string, OptionValue> settings{{"lr", 0.1},
                                                  {"betas", std::vector<double>{0.8, 0.95}},
                                                  {"weight_decay", 0.05},
                                                  {"schedule", std::string("cosine")},
                                                  {"warm_up", std::int64_t{2}},
                                                  {"clip", 1.5}};

// Values of torch 2.x: torch.optim.AdamW(foreach=False) with clip_grad_norm_.
TEST(Optimiser, goes_the_way_of_pytorch) {
  const Problem problem;
  Optimiser optimiser(problem.parameters(), options(settings), 6);
  const double losses[] = {5.74964142, 5.74964142, 5.07082272, 4.01185274, 3.40383697, 3.16915464};
  const double norms[] = {8.61847115, 8.61847115, 7.64957571, 5.43492413, 3.50503755, 2.48978376};
  for (std::size_t step = 0; step < 6; ++step) {
    EXPECT_NEAR(problem.backward(), losses[step], 1e-5);
    EXPECT_NEAR(optimiser.step(), norms[step], 1e-5);
  }
  EXPECT_EQ(optimiser.steps(), 6);
  EXPECT_THAT(problem.values(), testing::Pointwise(testing::FloatNear(1e-6F),
                                                   {0.744076848F, -0.873865008F, 1.67196929F,
                                                    0.53994602F, -0.167361379F, -0.497070968F}));
}

TEST(Optimiser, takes_accumulated_gradients_as_those_of_one_batch) {
  const Problem whole, parts;
  Optimiser first(whole.parameters(), options(settings), 6);
  Optimiser second(parts.parameters(), options(settings), 6);
  for (int step = 0; step < 4; ++step) {
    whole.backward();
    first.step();
    for (int part = 0; part < 4; ++part)
      parts.backward();
    second.step(0.25);
  }
  EXPECT_EQ(whole.values(), parts.values());  // a quarter is exact in binary
}

TEST(Optimiser, goes_on_from_a_state_with_the_same_bits) {
  const Problem undisturbed, stopped;
  Optimiser first(undisturbed.parameters(), options(settings), 6);
  State state;
  for (int step = 0; step < 6; ++step) {
    undisturbed.backward();
    first.step();
    if (step != 2) continue;
    first.save(state, "optimiser/");
    for (auto& [name, tensor] : state.tensors)
      tensor = tensor.clone();
    const at::NoGradGuard no_grad;
    at::Tensor weight = stopped.weight, bias = stopped.bias;
    weight.copy_(undisturbed.weight);
    bias.copy_(undisturbed.bias);
  }
  Optimiser second(stopped.parameters(), options(settings), 6);
  second.load(state, "optimiser/");
  EXPECT_EQ(second.steps(), 3);
  for (int step = 3; step < 6; ++step) {
    stopped.backward();
    second.step();
  }
  EXPECT_EQ(undisturbed.values(), stopped.values());
}

TEST(Optimiser, names_what_a_state_lacks) {
  const Problem problem;
  Optimiser optimiser(problem.parameters(), options({}), 6);
  State state;
  optimiser.save(state, "");
  state.tensors["square/bias"] = at::zeros({3});
  EXPECT_THAT([&] { optimiser.load(state, ""); },
              testing::ThrowsMessage<DataError>(testing::HasSubstr("square/bias")));
  state.tensors.erase("mean/weight");
  EXPECT_THAT([&] { optimiser.load(state, ""); },
              testing::ThrowsMessage<DataError>(testing::HasSubstr("mean/weight")));
}

TEST(Optimiser, changes_nothing_by_gradients_that_are_no_numbers) {
  const Problem problem;
  const auto before = problem.values();
  Optimiser optimiser(problem.parameters(), options(settings), 6);
  problem.backward();
  problem.bias.mutable_grad().fill_(std::nan(""));
  EXPECT_FALSE(std::isfinite(optimiser.step()));
  EXPECT_EQ(problem.values(), before);
  EXPECT_EQ(optimiser.steps(), 0);
}

TEST(Optimiser, refuses_betas_that_are_no_pair) {
  EXPECT_THROW(Optimiser({}, options({{"betas", std::vector<double>{0.9}}}), 6), ConfigError);
}

TEST(AdamW, leaves_alone_what_has_no_gradient) {
  const Problem problem;
  AdamW adam(problem.parameters());
  problem.backward();
  problem.bias.mutable_grad().reset();
  adam.step(0.1);
  EXPECT_EQ(problem.values()[4], 0.1F);
  EXPECT_NE(problem.values()[0], 0.5F);
}

TEST(AdamW, is_adam_if_the_decay_is_part_of_the_gradient) {
  const Problem problem;
  constexpr double lr = 0.1, beta1 = 0.8, beta2 = 0.95, epsilon = 1e-8, decay = 0.05;
  AdamW adam(problem.parameters(), {beta1, beta2, epsilon, decay, false});
  auto value = problem.weight.detach().to(at::kDouble).clone();
  auto mean = at::zeros_like(value), square = at::zeros_like(value);
  for (int step = 1; step <= 5; ++step) {
    problem.backward();
    // Algorithm 1 of Kingma and Ba 2015, with the gradient of decay / 2 * value^2 added.
    const auto gradient = problem.weight.grad().to(at::kDouble) + decay * value;
    mean = beta1 * mean + (1 - beta1) * gradient;
    square = beta2 * square + (1 - beta2) * gradient * gradient;
    const auto corrected = mean / (1 - std::pow(beta1, step));
    value = value - lr * corrected / ((square / (1 - std::pow(beta2, step))).sqrt() + epsilon);
    adam.step(lr);
    adam.zero_gradients();
    EXPECT_LE((value - problem.weight.detach()).abs().max().item<double>(), 1e-6) << step;
  }
}

TEST(Optimiser, takes_adam_by_name) {
  const Problem adam, adamw;
  auto given = settings;
  given["warm_up"] = std::int64_t{0};
  Optimiser decoupled(adamw.parameters(), options(given), 6);
  given["optimiser"] = std::string("adam");
  Optimiser coupled(adam.parameters(), options(given), 6);
  adamw.backward();
  adam.backward();
  decoupled.step();
  coupled.step();
  EXPECT_NE(adam.values(), adamw.values());
}

}  // namespace
